from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer, formats
from colorlib.inference.files import Options, colorize_file
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import Job


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("L", (40, 30), 120).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_the_suffix_gives_the_format(colorizer: Colorizer, photo: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    colorize_file(colorizer, photo, target)
    with Image.open(target) as picture:
        assert Image.registered_extensions()[suffix] == picture.format
        assert picture.size == (40, 30)


def test_nothing_is_overwritten_without_force(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"before")
    with pytest.raises(ColorlibError, match=r"out\.png exists: .*--force"):
        colorize_file(colorizer, photo, target)
    assert target.read_bytes() == b"before"
    colorize_file(colorizer, photo, target, Options(force=True))
    assert target.read_bytes() != b"before"


@pytest.mark.parametrize("name", ["photo.png", "./photo.png", "again.png"])
def test_the_photograph_itself_is_never_overwritten(colorizer: Colorizer, photo: Path, name: str) -> None:
    photo.with_name("again.png").hardlink_to(photo)
    before = photo.read_bytes()
    with pytest.raises(ColorlibError, match="is the photograph itself, which would be lost: name another output"):
        colorize_file(colorizer, photo, photo.parent / name, Options(force=True))
    assert photo.read_bytes() == before


def test_no_animation_takes_the_place_of_the_photograph(colorizer: Colorizer, photo: Path) -> None:
    moving = photo.with_name("moving.gif")
    Image.open(photo).save(moving)
    before = moving.read_bytes()
    with pytest.raises(ColorlibError, match=r"moving\.gif is the photograph itself"):
        colorize_file(colorizer, moving, photo.with_name("out.png"), Options(force=True), animation=moving)
    assert moving.read_bytes() == before


@pytest.mark.parametrize("name", ["out", "out.txt", "out.gbr"])
def test_a_suffix_that_is_no_picture_format_is_refused(
    colorizer: Colorizer, photo: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ColorlibError, match="is no picture format"):
        colorize_file(colorizer, photo, tmp_path / name)
    assert list(tmp_path.iterdir()) == [photo]


@pytest.mark.parametrize("name", ["out.xbm", "out.gif", "out.ico", "out.pdf"])
def test_a_format_that_is_none_for_colours_is_refused(
    colorizer: Colorizer, photo: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ColorlibError, match=rf"{name}: \.\w+ does not keep .*use \.jpg, \.png, \.tif or \.webp"):
        colorize_file(colorizer, photo, tmp_path / name)
    assert list(tmp_path.iterdir()) == [photo]


@pytest.mark.parametrize(("name", "words"), [("out.jpg", r"use \.png or \.tif$"), ("out.webp", r"use \.png or \.tif$")])
@pytest.mark.parametrize("turned", [False, True])
def test_a_picture_that_is_too_long_is_refused_before_any_work(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str, turned: bool
) -> None:
    source = tmp_path / "long.png"
    Image.new("L", (4, 65501) if turned else (65501, 4), 120).save(source)
    monkeypatch.setattr(colorizer.engine, "logits", lambda _: pytest.fail("the network ran"))
    with pytest.raises(ColorlibError, match=words):
        colorize_file(colorizer, source, tmp_path / name, animation=tmp_path / "a.gif")
    summary = colorize_folder(colorizer, [Job(source, tmp_path / name)], Options(), lambda _: None)
    assert "65501" in summary.failed[0].reason
    assert list(tmp_path.iterdir()) == [source]


def test_16_bits_that_are_too_many_for_a_tiff_are_refused_before_any_work(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.full((30, 40), 40000, np.uint16)).save(tmp_path / "in.png")
    monkeypatch.setattr(formats, "LARGEST", 40 * 30 * 6 - 1)
    monkeypatch.setattr(colorizer.engine, "logits", lambda _: pytest.fail("the network ran"))
    with pytest.raises(ColorlibError, match=r"out\.tif: 40×30 pixels are more than a \.tif file holds"):
        colorize_file(colorizer, tmp_path / "in.png", tmp_path / "out.tif")


@pytest.mark.parametrize("name", ["photo.png/x.png", "x" * 300 + ".png"])
def test_a_place_that_cannot_be_written_is_said(colorizer: Colorizer, photo: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ColorlibError, match="cannot be written"):
        colorize_file(colorizer, photo, tmp_path / name)
    assert list(tmp_path.iterdir()) == [photo]


def test_a_picture_that_fails_takes_its_animation_with_it(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="cannot be written"):
        colorize_file(colorizer, photo, tmp_path / "photo.png/out.png", animation=tmp_path / "a.gif", frames=2)
    assert list(tmp_path.iterdir()) == [photo]
    colorize_file(colorizer, photo, tmp_path / "out.png", animation=tmp_path / "a.gif", frames=2)
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "out.png", "a.gif"}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["photo.png/a.gif", "folder.gif"])
def test_an_animation_that_fails_leaves_no_picture(
    colorizer: Colorizer, photo: Path, tmp_path: Path, name: str, force: bool
) -> None:
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(ColorlibError):
        colorize_file(colorizer, photo, tmp_path / "out.png", Options(force=force), animation=tmp_path / name, frames=2)
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "folder.gif"}


def test_an_older_animation_stays_when_the_picture_fails(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"before")
    target = tmp_path / "photo.png/out.png"
    with pytest.raises(ColorlibError, match="cannot be written"):
        colorize_file(colorizer, photo, target, Options(force=True), animation=tmp_path / "a.gif", frames=2)
    assert (tmp_path / "a.gif").read_bytes() == b"before"


def test_the_picture_and_the_animation_are_two_files(colorizer: Colorizer, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="cannot be the picture and the animation"):
        colorize_file(colorizer, photo, tmp_path / "out.webp", animation=tmp_path / "out.webp")
    assert list(tmp_path.iterdir()) == [photo]


def test_a_saved_jpeg_is_close_to_the_picture(colorizer: Colorizer, tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"
    colorize_file(colorizer, source, tmp_path / "out.jpg")
    colorize_file(colorizer, source, tmp_path / "out.png")
    with Image.open(tmp_path / "out.jpg") as lossy, Image.open(tmp_path / "out.png") as exact:
        difference = np.abs(np.asarray(lossy, dtype=int) - np.asarray(exact, dtype=int))
    assert difference.mean() < 1  # 0.7 at quality 95, 1.8 at Pillow's default of 75


def test_what_cannot_be_read_leaves_nothing(colorizer: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("no picture")
    with pytest.raises(ColorlibError, match=r"x\.jpg is not an image"):
        colorize_file(colorizer, tmp_path / "x.jpg", tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()
