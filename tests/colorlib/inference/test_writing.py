from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.inference.deep_tiff import write as write_tiff
from colorlib.inference.files import Options, colorize_file
from colorlib.inference.metadata import Metadata
from colorlib.inference.profiles import srgb
from colorlib.ops.lab import rgb_to_lab

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"
RNG = np.random.default_rng(5)


def lightness(pixels: np.ndarray) -> np.ndarray:
    top = 255 if pixels.dtype == np.uint8 else 65535
    return rgb_to_lab(torch.from_numpy(pixels[..., :3] / top).permute(2, 0, 1)[None])[0, 0].numpy()


def described() -> tuple[Image.Exif, PngImagePlugin.PngInfo]:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "A cat", 1
    exif.get_ifd(0x8769)[0x9003] = "1999:12:31 23:59:59"
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody")
    return exif, text


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", ["colour", "grey", "alpha", "deep grey", "deep colour", "deep alpha"])
def test_the_lightness_of_the_output_is_that_of_the_input(
    colorizer: Colorizer, tmp_path: Path, suffix: str, kind: str
) -> None:
    source = tmp_path / f"in{suffix}"
    with Image.open(PHOTO) as image:
        pixels = np.asarray(image)
    if "grey" in kind:
        pixels = pixels[..., 1]
    if "alpha" in kind:
        pixels = np.dstack([pixels, RNG.integers(0, 256, pixels.shape[:2], dtype=np.uint8)])
    if "deep" in kind:
        pixels = pixels.astype(np.uint16) * 257 - RNG.integers(0, 2, pixels.shape).astype(np.uint16) * (pixels > 0)
    swapped = pixels[..., [2, 1, 0, 3][: pixels.shape[-1]]] if pixels.ndim == 3 else pixels  # OpenCV's is B, G, R
    cv2.imwrite(str(source), swapped)
    coloured = colorize_file(colorizer, source, tmp_path / f"out{suffix}")
    assert coloured.notes == ()
    if "deep" in kind:
        written = cv2.imread(str(tmp_path / f"out{suffix}"), cv2.IMREAD_UNCHANGED)
        written = written[..., [2, 1, 0, 3][: written.shape[-1]]]
    else:
        with Image.open(tmp_path / f"out{suffix}") as image:
            written = np.asarray(image)
    assert written.dtype == pixels.dtype
    before = pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)
    assert np.abs(lightness(written) - lightness(before)).max() <= 100 / 255
    if "alpha" in kind:
        assert np.array_equal(written[..., 3], pixels[..., 3])
    assert np.ptp(written[..., :3].astype(int), axis=-1).mean() > (2000 if "deep" in kind else 8)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("deep", [False, True])
def test_metadata_survives(colorizer: Colorizer, tmp_path: Path, suffix: str, deep: bool) -> None:
    exif, text = described()
    source = tmp_path / "in.png"
    image = Image.open(PHOTO).convert("L")
    if deep:
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    image.save(source, exif=exif, pnginfo=text, dpi=(300, 300), icc_profile=None if deep else srgb())
    coloured = colorize_file(colorizer, source, tmp_path / f"out{suffix}")
    assert len(coloured.notes) == (deep and suffix in (".jpg", ".webp"))
    with Image.open(tmp_path / f"out{suffix}") as written:
        found = written.getexif()
        assert found[0x010E] == "A cat"
        assert found.get_ifd(0x8769)[0x9003] == "1999:12:31 23:59:59"
        assert found.get_ifd(0x8825)[1] == "N"
        assert written.info.get("icc_profile") == (None if deep else srgb())
        if suffix != ".webp":  # which has no place for it but EXIF
            assert written.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        if suffix == ".png":
            assert written.text["Author"] == "somebody"  # type: ignore[attr-defined]
        assert written.size == image.size


def test_a_tiff_keeps_its_descriptions_and_not_its_layout(colorizer: Colorizer, tmp_path: Path) -> None:
    exif, _ = described()
    Image.open(PHOTO).save(tmp_path / "in.tif", exif=exif, compression="tiff_lzw", dpi=(200, 200))
    colorize_file(colorizer, tmp_path / "in.tif", tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as written:
        assert written.getexif()[0x010E] == "A cat"
        assert 273 not in written.getexif()  # where the strips of a TIFF begin
        assert written.info["dpi"] == pytest.approx((200, 200))


def test_a_comment_and_xmp_survive_without_the_orientation(colorizer: Colorizer, tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6" dc:title="cat"/></x:xmpmeta>'
    Image.open(PHOTO).save(tmp_path / "in.jpg", xmp=xmp, comment="hello")
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        colorize_file(colorizer, tmp_path / "in.jpg", tmp_path / f"out{suffix}")
        with Image.open(tmp_path / f"out{suffix}") as written:
            kept = written.info.get("xmp")
            kept = kept.encode() if isinstance(kept, str) else kept
            assert kept is not None
            assert b'dc:title="cat"' in kept
            assert b"Orientation" not in kept
    with Image.open(tmp_path / "out.jpg") as written:
        assert written.info["comment"] == b"hello"


def test_metadata_that_a_jpeg_has_no_room_for_is_dropped_and_that_is_said(colorizer: Colorizer, tmp_path: Path) -> None:
    exif, _ = described()
    exif[0x010E] = "A cat" * 20_000
    Image.open(PHOTO).save(tmp_path / "in.webp", exif=exif, xmp=b"<x>" + b" " * 70_000 + b"</x>")
    coloured = colorize_file(colorizer, tmp_path / "in.webp", tmp_path / "out.jpg")
    assert coloured.notes == tuple(f".jpg has no room for so much {name}: it is dropped" for name in ("EXIF", "XMP"))
    with Image.open(tmp_path / "out.jpg") as written:
        assert len(written.getexif()) == 0
    assert colorize_file(colorizer, tmp_path / "in.webp", tmp_path / "out.webp").notes == ()


def test_what_a_format_cannot_hold_is_said(colorizer: Colorizer, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "in.png"), RNG.integers(0, 65536, (9, 9, 4), dtype=np.uint16))
    notes = colorize_file(colorizer, tmp_path / "in.png", tmp_path / "out.jpg").notes
    assert notes == (".jpg has no transparency: it lies on white", ".jpg has 8 bits a sample: 16 bits are rounded")


def test_without_transparency_it_lies_on_white_and_nothing_hidden_shows(colorizer: Colorizer, tmp_path: Path) -> None:
    pixels = np.full((16, 32, 4), 90, np.uint8)
    pixels[:, :16, 3], pixels[:, 16:] = 255, (200, 0, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    coloured = colorize_file(
        colorizer, tmp_path / "in.png", tmp_path / "out.jpg", animation=tmp_path / "out.gif", frames=2
    )
    with Image.open(tmp_path / "out.jpg") as written:
        assert np.asarray(written)[:, 24:].min() > 250
        assert np.asarray(written)[:, :8].max() < 160
    assert coloured.notes == (
        ".jpg has no transparency: it lies on white",
        "the animation has no transparency: it lies on white",
    )


def test_the_same_photograph_gives_the_same_bytes(colorizer: Colorizer, tmp_path: Path) -> None:
    for suffix in (".jpg", ".png", ".tif"):
        for name in ("a", "b"):
            colorize_file(colorizer, PHOTO, tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("size", [(1, 1), (8, 5000), (5000, 8), (7, 3)])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_any_size(colorizer: Colorizer, tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    Image.linear_gradient("L").resize(size).save(tmp_path / f"in{suffix}")
    for options in (Options(), Options(tile=64)):
        colorize_file(colorizer, tmp_path / f"in{suffix}", tmp_path / f"{options.tile}{suffix}", options)
        with Image.open(tmp_path / f"{options.tile}{suffix}") as written:
            assert written.size == size


def test_a_tiff_that_would_be_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.tif").open("wb") as file, pytest.raises(ColorlibError, match="more than a TIFF holds"):
        write_tiff(file, iter(()), (30000, 30000), 3, Metadata())
