from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference.formats import ASKED_FOR, COLOURFUL, LONGEST, check_size, format_of, is_writable, remedy
from colorlib.inference.metadata import Metadata
from colorlib.inference.writing import write_picture

Image.init()
FIRST = {format_: suffix for suffix, format_ in reversed(Image.registered_extensions().items())}
LOSSY = ("JPEG", "WEBP", "AVIF", "MPO")


@pytest.mark.parametrize("format_", [*COLOURFUL, *ASKED_FOR])
def test_a_format_that_is_accepted_keeps_size_and_colours(tmp_path: Path, format_: str) -> None:
    y, x = np.mgrid[0:300, 0:700]
    pixels = np.stack([x * 255 // 699, y * 255 // 299, (x + y) // 4], axis=-1).astype(np.uint8)
    target = tmp_path / f"out{FIRST[format_]}"
    assert format_of(target) == format_
    write_picture(Image.fromarray(pixels), target, Metadata())
    with Image.open(target) as written:
        assert written.size == (700, 300)
        difference = np.abs(np.asarray(written.convert("RGB"), dtype=int) - pixels)
    assert difference.max() <= (25 if format_ in LOSSY else 0)
    assert difference.mean() < 2


@pytest.mark.parametrize(
    "suffix", [".gif", ".ICO", ".icns", ".pcx", ".pdf", ".eps", ".ps", ".xbm", ".msp", ".blp", ".wmf"]
)
def test_a_format_that_does_not_is_refused(suffix: str) -> None:
    with pytest.raises(ColorlibError) as refused:
        format_of(Path(f"out{suffix}"))
    assert str(refused.value).endswith("use .jpg, .png, .tif or .webp")
    assert f"out{suffix}" in str(refused.value)
    assert not is_writable(suffix)


@pytest.mark.parametrize(("suffix", "most", "others"), [(".jpg", 65500, ".png or .tif"), (".webp", 16383, ".jpg")])
def test_a_picture_longer_than_its_format_holds_is_sent_to_one_that_holds_it(
    suffix: str, most: int, others: str
) -> None:
    target = Path(f"out{suffix}")
    check_size(target, (most, 2))
    check_size(target, (2, most))
    with pytest.raises(ColorlibError, match=rf"out{suffix}: 2×{most + 1} pixels are more than .* use {others}"):
        check_size(target, (2, most + 1))
    with pytest.raises(ColorlibError) as refused:
        check_size(target, (most + 1, 2))
    assert suffix not in str(refused.value).partition(", use")[2]


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF", "MPO", "SGI", "TGA"])
def test_the_longest_picture_of_each_format_can_be_read_again(tmp_path: Path, format_: str) -> None:
    for size in ((LONGEST[format_], 1), (1, LONGEST[format_])):
        write_picture(Image.new("RGB", size, (9, 99, 199)), tmp_path / f"out{FIRST[format_]}", Metadata())
        with Image.open(tmp_path / f"out{FIRST[format_]}") as written:
            written.load()
            assert written.size == size
    with pytest.raises(ColorlibError, match=r"use \.png or \.tif$|use \.jpg, \.png or \.tif$"):
        write_picture(Image.new("RGB", (LONGEST[format_] + 1, 1)), tmp_path / f"x{FIRST[format_]}", Metadata())
    assert not list(tmp_path.glob("x*"))


def test_16_bits_that_a_tiff_does_not_hold_are_sent_elsewhere() -> None:
    check_size(Path("x.tif"), (30000, 20000), 3)
    check_size(Path("x.tif"), (30000, 30000))
    with pytest.raises(
        ColorlibError, match=r"30000×30000 pixels are more than a \.tif file holds, use \.jpg or \.png$"
    ):
        check_size(Path("x.tif"), (30000, 30000), 3)


def test_what_has_failed_is_not_offered() -> None:
    assert remedy() == "use .jpg, .png, .tif or .webp"
    assert remedy(but="WEBP") == "use .jpg, .png or .tif"
