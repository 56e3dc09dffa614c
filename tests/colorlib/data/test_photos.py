import errno
import os
import struct
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.manifest import Photo
from colorlib.data.photos import decode, load_photo, reading, resize_to_square, to_rgb, to_tensor
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of

MakePhoto = Callable[..., Photo]


def test_a_photo_that_agrees_with_its_row_is_loaded(make_photo: MakePhoto, tmp_path: Path) -> None:
    image = load_photo(make_photo("a.png"), tmp_path / "source")
    assert (image.mode, image.size) == ("RGB", (40, 30))


def test_a_changed_byte_is_noticed(make_photo: MakePhoto, tmp_path: Path) -> None:
    photo = make_photo("a.png")
    path = tmp_path / "source/a.png"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ColorlibError, match=r"a\.png is damaged or was changed"):
        load_photo(photo, tmp_path / "source")


def test_a_missing_file_is_named(make_photo: MakePhoto, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"b\.png is missing"):
        load_photo(replace(make_photo("a.png"), file="b.png"), tmp_path / "source")


def test_another_size_than_listed_is_refused(make_photo: MakePhoto, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="is 40×30, the manifest says 41×30"):
        load_photo(replace(make_photo("a.png"), width=41), tmp_path / "source")


def test_a_truncated_photo_with_a_matching_hash_is_still_refused(make_photo: MakePhoto, tmp_path: Path) -> None:
    photo = make_photo("a.jpg", size=(200, 200))
    path = tmp_path / "source/a.jpg"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ColorlibError, match=r"a\.jpg cannot be decoded: .*truncated"):
        load_photo(replace(photo, sha256=sha256_of(path)), tmp_path / "source")


@pytest.mark.parametrize(("content", "message"), [(b"not an image", "not an image"), (b"", "not an image")])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(ColorlibError, match=message):
        decode(tmp_path / "x.jpg")


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="there is no such file"):
        decode(tmp_path / "x.jpg")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (struct.error("unpack requires 4 bytes"), "cannot be decoded: unpack requires 4 bytes"),
        (TypeError("Missing dimensions"), "cannot be decoded: Missing dimensions"),
        (RuntimeError("Failed to decode frame 0"), "cannot be decoded: Failed to decode frame 0"),
        (EOFError(), "cannot be decoded: EOFError"),
        (MemoryError(), "cannot be decoded: it needs more memory than there is"),
        (OSError("image file is truncated"), "cannot be decoded: image file is truncated"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "cannot be read: Permission denied"),
    ],
)
def test_whatever_a_file_makes_pillow_raise_is_a_sentence(error: Exception, words: str) -> None:
    with pytest.raises(ColorlibError, match=rf"^x\.jpg {words}$"), reading(Path("x.jpg")):
        raise error


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 40)).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings(), pytest.raises(ColorlibError, match="decompression bomb"):
        decode(tmp_path / "x.png")


def test_the_orientation_of_a_camera_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 30))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90°
    image.save(tmp_path / "x.jpg", exif=exif)
    assert decode(tmp_path / "x.jpg").size == (30, 40)


@pytest.mark.parametrize("size", [(40, 30), (30, 40), (32, 32), (500, 33)])
def test_the_square_is_the_middle_with_its_aspect_kept(size: tuple[int, int]) -> None:
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    ramps = np.stack([x, y, np.zeros_like(x)], axis=2).round().astype(np.uint8)
    square = resize_to_square(Image.fromarray(ramps), 16)
    assert square.shape == (16, 16, 3)
    assert square[8, 7:9, 0].mean() == pytest.approx(127.5, abs=8)  # to half a pixel
    assert square[7:9, 8, 1].mean() == pytest.approx(127.5, abs=8)
    slope_x = (float(square[8, 15, 0]) - float(square[8, 0, 0])) / 15
    slope_y = (float(square[15, 8, 1]) - float(square[0, 8, 1])) / 15
    assert slope_x * width == pytest.approx(slope_y * height, rel=0.15)  # one scale in both directions


def test_a_picture_of_any_mode_becomes_a_tensor() -> None:
    tensor = to_tensor(Image.new("L", (5, 3), 7))
    assert tensor.shape == (1, 3, 3, 5)
    assert tensor.unique().tolist() == [7]


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "i4"])
def test_16_bit_greyscale_keeps_its_tones(dtype: str) -> None:
    ramp = np.arange(65536).reshape(256, 256)
    image = Image.fromarray(ramp.astype(dtype))
    assert image.mode.startswith("I")
    rgb = np.asarray(to_rgb(image))
    assert np.array_equal(rgb, np.repeat(np.rint(ramp / 257)[..., None], 3, axis=2))
    assert np.array_equal(to_tensor(image)[0].permute(1, 2, 0).numpy(), rgb)


def test_a_16_bit_png_is_decoded_as_grey_and_not_as_white(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 128 * 257, np.uint16)).save(tmp_path / "scan.png")
    assert decode(tmp_path / "scan.png").getcolors() == [(16, (128, 128, 128))]


def test_8_bit_values_in_a_wider_mode_stay_as_they_are() -> None:
    ramp = np.arange(256, dtype=np.int32).reshape(16, 16)
    assert np.array_equal(np.asarray(to_rgb(Image.fromarray(ramp)))[..., 0], ramp)


def test_greys_that_are_multiplied_by_their_alpha_lose_it() -> None:
    grey = Image.new("LA", (3, 2), (120, 255))
    assert np.array_equal(np.asarray(to_rgb(grey.convert("La"))), np.full((2, 3, 3), 120))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_8_bit_modes_are_converted_by_pillow(mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(noise).convert(mode)
    assert np.array_equal(np.asarray(to_rgb(image)), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), r"expected a PIL image, got ndarray: .*Image\.fromarray"),
        (Image.new("F", (4, 4), 0.5), "mode F has no known range"),
        (Image.new("I", (4, 4), 65536), r"values from 65536 to 65536 .*scale it to \[0, 65535\]"),
        (Image.new("I", (4, 4), -1), "values from -1 to -1"),
    ],
)
def test_numbers_without_a_known_range_are_refused(picture: Image.Image, message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        to_tensor(picture)


def test_a_file_without_a_known_range_is_named(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 0.5).save(tmp_path / "scan.tif")
    with pytest.raises(ColorlibError, match=r"scan\.tif: .*mode F"):
        decode(tmp_path / "scan.tif")


def test_an_opened_picture_is_turned_upright_once(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 30))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90°
    image.save(tmp_path / "x.jpg", exif=exif)
    with Image.open(tmp_path / "x.jpg") as opened:
        assert to_rgb(opened).size == (30, 40)
        assert to_rgb(to_rgb(opened)).size == (30, 40)
        assert to_tensor(opened).shape == (1, 3, 40, 30)
