import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.inference.checks import check_blend, check_side, check_temperature, check_tile
from colorlib.models import MobileLite, save_pretrained
from colorlib.ops.decoding import LEAST_TEMPERATURE

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"tile": "auto"}, r"got tiles of 'auto' pixels, expected a whole number"),
        ({"tile": 64.5}, r"got tiles of 64\.5 pixels, expected a whole number"),
        ({"tile": True}, "got tiles of True pixels"),
        ({"tile": 64, "overlap": "a"}, "got an overlap of 'a' pixels, expected 0 to 63"),
        ({"tile": 64, "overlap": 2.5}, r"got an overlap of 2\.5 pixels"),
        ({"temperature": "a"}, r"got temperature 'a', expected 1e-06 \(vivid\) to 1 \(muted\)"),
        ({"temperature": True}, "got temperature True"),
        ({"temperature": 1e-9}, "got temperature 1e-09"),
        ({"temperature": float("nan")}, "got temperature nan"),
        ({"blend": "a"}, r"got blend 'a', expected 0 \(grey\) to 1"),
        ({"blend": None}, "got blend None"),
        ({"blend": float("nan")}, "got blend nan"),
    ],
)
def test_an_option_of_a_wrong_kind_is_one_sentence(colorizer: Colorizer, option: dict[str, Any], words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        colorizer(Image.new("L", (40, 30), 120), **option)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"device": "mps"}, "got device 'mps', expected auto, cpu or cuda"),
        ({"device": "cuda:x"}, "got device 'cuda:x'"),
        ({"device": "cpu:1"}, "got device 'cpu:1'"),
        ({"device": "gpu"}, "got device 'gpu'"),
        ({"precision": "int8"}, "got precision 'int8', expected auto, fp32, bf16 or fp16"),
        ({"precision": ["fp32"]}, r"got precision \['fp32'\]"),
    ],
)
def test_a_device_or_a_precision_that_does_not_exist_is_one_sentence(
    tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    save_pretrained(MobileLite(q=313, grid="paper"), tmp_path / "model")
    with pytest.raises(ColorlibError, match=words):
        Colorizer.from_pretrained(tmp_path / "model", **arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": "a"}, "got size 'a', expected a whole number of pixels, 8 at least"),
        ({"size": 7}, "got size 7"),
        ({"size": 32.5}, r"got size 32\.5"),
        ({"temperature": 5}, "got temperature 5"),
    ],
)
def test_a_colorizer_is_not_made_for_what_it_cannot_do(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        Colorizer(MobileLite(q=313, grid="paper"), **arguments)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_a_picture_without_pixels_is_one_sentence(colorizer: Colorizer, size: tuple[int, int], mode: str) -> None:
    with pytest.raises(ColorlibError, match=rf"has {size[0]}×{size[1]} pixels, expected one at least"):
        colorizer(Image.new(mode, size))


def test_a_truncated_picture_is_one_sentence(colorizer: Colorizer, tmp_path: Path) -> None:
    content = PHOTO.read_bytes()[:3000]
    with (
        Image.open(io.BytesIO(content)) as opened,
        pytest.raises(ColorlibError, match=r"the picture cannot be decoded: .*truncated"),
    ):
        colorizer(opened)
    (tmp_path / "half.jpg").write_bytes(content)
    with (
        Image.open(tmp_path / "half.jpg") as opened,
        pytest.raises(ColorlibError, match=r"half\.jpg cannot be decoded: .*truncated"),
    ):
        colorizer(opened)


def test_greys_that_are_multiplied_by_their_alpha_are_greys_with_alpha(colorizer: Colorizer) -> None:
    pixels = np.dstack([np.arange(0, 240, 12).reshape(4, 5), np.full((4, 5), 255)]).astype(np.uint8)
    grey = Image.fromarray(pixels)
    assert grey.mode == "LA"
    multiplied = grey.convert("La")
    assert np.array_equal(np.asarray(colorizer(multiplied)), np.asarray(colorizer(grey)))


def test_what_is_within_the_bounds_passes() -> None:
    for blend in (0, 1, 0.5, np.float32(0.5)):
        check_blend(blend)  # type: ignore[arg-type]
    check_temperature(LEAST_TEMPERATURE)
    check_temperature(1)
    check_side(8)
    check_tile(32, None, 32)
    check_tile(np.int64(64), 0, 32)  # type: ignore[arg-type]
