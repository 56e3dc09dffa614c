from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.inference.animation import animate, check_animation
from colorlib.inference.photograph import Photograph

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_grey_becomes_colour_frame_by_frame(colorizer: Colorizer, tmp_path: Path, suffix: str) -> None:
    photograph = Photograph.from_pil(Image.open(PHOTO).resize((900, 600)))
    animate(photograph, colorizer.analyse(photograph).ab(), tmp_path / f"a{suffix}", frames=5)
    with Image.open(tmp_path / f"a{suffix}") as animation:
        assert animation.n_frames == 5  # type: ignore[attr-defined]
        assert max(animation.size) == 640
        spread = []
        for frame in range(5):
            animation.seek(frame)
            spread.append(np.ptp(np.asarray(animation.convert("RGB"), dtype=int), axis=-1).mean())
    assert spread[0] < 3
    assert spread == sorted(spread)
    assert spread[4] > 10
    assert photograph.size == (900, 600)  # still whole


def test_what_is_no_animation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"is a \.gif or a \.webp, got \.png"):
        check_animation(tmp_path / "a.png", 5, force=False)
    with pytest.raises(ColorlibError, match="at least 2"):
        check_animation(tmp_path / "a.gif", 1, force=False)
    (tmp_path / "a.gif").touch()
    with pytest.raises(ColorlibError, match="exists"):
        check_animation(tmp_path / "a.gif", 5, force=False)
    check_animation(tmp_path / "a.gif", 5, force=True)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_what_is_transparent_lies_on_white_and_nothing_hidden_shows(
    colorizer: Colorizer, tmp_path: Path, suffix: str
) -> None:
    pixels = np.full((600, 900, 4), 255, np.uint8)
    pixels[:, :450, :3], pixels[:, 450:] = 60, (0, 0, 0, 0)  # black that is hidden
    photograph = Photograph.from_pil(Image.fromarray(pixels))
    animate(photograph, colorizer.analyse(photograph).ab(), tmp_path / f"a{suffix}", frames=2)
    with Image.open(tmp_path / f"a{suffix}") as animation:
        for frame in range(2):
            animation.seek(frame)
            seen = np.asarray(animation.convert("RGB"))
            assert seen[:, 330:].min() > 245
            assert seen[:, 310:].mean(axis=2).min() > 20  # no dark seam
            assert seen[:, :300].mean() < 120
