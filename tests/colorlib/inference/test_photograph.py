import struct
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from colorlib.errors import ColorlibError
from colorlib.inference.photograph import Photograph, read_photograph
from tests.grey_tiff import WHITE_IS_ZERO, write_grey_tiff

RNG = np.random.default_rng(5)
ORIENTATION = 0x0112


def picture(height: int = 24, width: int = 40) -> Image.Image:
    levels = np.linspace(0, 255, height * width).reshape(height, width)
    return Image.fromarray(np.stack([levels, levels[::-1], levels[:, ::-1]], axis=-1).astype(np.uint8))


def wide_gamut() -> bytes:
    """A made-up profile: the primaries of Lab's plane as a matrix profile exist in littleCMS only as presets."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    # Exchange where the tags of red and green point to: colours change, and greys stay grey.
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


@pytest.mark.parametrize(
    ("mode", "suffix", "kept"),
    [
        ("RGB", ".jpg", "RGB"),
        ("L", ".jpg", "L"),
        ("CMYK", ".jpg", "RGB"),
        ("1", ".png", "L"),
        ("P", ".png", "RGB"),
        ("LA", ".png", "RGBA"),
        ("RGBA", ".png", "RGBA"),
        ("RGBA", ".webp", "RGBA"),
        ("RGB", ".tif", "RGB"),
        ("CMYK", ".tif", "RGB"),
        ("YCbCr", ".jpg", "RGB"),
        ("P", ".gif", "RGB"),
        ("LAB", ".tif", "RGB"),
    ],
)
def test_what_people_bring_is_read(tmp_path: Path, mode: str, suffix: str, kept: str) -> None:
    original = picture()
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        stored = ImageCms.applyTransform(original, to_lab)
        assert stored is not None
    else:
        stored = original.convert(mode)
        if mode.endswith("A"):
            stored.putalpha(128)
    stored.save(tmp_path / f"x{suffix}")
    photograph = read_photograph(tmp_path / f"x{suffix}")
    assert (photograph.pixels.mode, photograph.size) == (kept, original.size)
    assert photograph.low is None
    expected = stored.convert("RGB") if mode != "LAB" else original
    difference = np.asarray(photograph.pixels.convert("RGB"), dtype=int) - np.asarray(expected, dtype=int)
    assert np.abs(difference).mean() < 8  # JPEG and WebP are not exact


@pytest.mark.parametrize("transparency", ["palette", "key"])
def test_transparency_by_other_means_than_a_channel_is_alpha(tmp_path: Path, transparency: str) -> None:
    if transparency == "palette":
        stored = picture().quantize(8)
        stored.save(tmp_path / "x.png", transparency=bytes([0, 255, 128, 255, 255, 255, 255, 255]))
    else:
        stored = Image.new("RGB", (9, 8), (10, 20, 30))
        stored.putpixel((3, 3), (1, 2, 3))
        stored.save(tmp_path / "x.png", transparency=(1, 2, 3))
    photograph = read_photograph(tmp_path / "x.png")
    assert photograph.pixels.mode == "RGBA"
    with Image.open(tmp_path / "x.png") as reference:
        assert np.array_equal(np.asarray(photograph.pixels), np.asarray(reference.convert("RGBA")))
    assert len(np.unique(np.asarray(photograph.pixels)[..., 3])) > 1


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_are_read_to_the_last_one(tmp_path: Path, suffix: str, channels: int) -> None:
    values = RNG.integers(0, 65536, (21, 33, channels), dtype=np.uint16)
    assert cv2.imwrite(str(tmp_path / f"x{suffix}"), values)
    read = read_photograph(tmp_path / f"x{suffix}").rows(0, 21)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]  # OpenCV's is B, G, R
    assert np.array_equal(read, values[..., order])


def test_12_bits_are_brought_to_16(tmp_path: Path) -> None:
    write_grey_tiff(tmp_path / "x.tif", np.array([[0, 0x800, 0xFFF]]), bits=12)
    assert read_photograph(tmp_path / "x.tif").rows(0, 1)[0, :, 0].tolist() == [0, 32776, 65535]
    with Image.open(tmp_path / "x.tif") as opened:
        assert Photograph.from_pil(opened).rows(0, 1)[0, :, 0].tolist() == [0, 32776, 65535]


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_greys_of_either_byte_order_are_read(tmp_path: Path, order: str) -> None:
    values = RNG.integers(0, 65536, (21, 33))
    write_grey_tiff(tmp_path / "x.tif", values, order=order)
    assert np.array_equal(read_photograph(tmp_path / "x.tif").rows(0, 21)[..., 0], values)
    with Image.open(tmp_path / "x.tif") as opened:
        assert opened.mode == ("I;16" if order == "<" else "I;16B")
        assert np.array_equal(Photograph.from_pil(opened).rows(0, 21)[..., 0], values)


@pytest.mark.parametrize("order", ["<", ">"])
def test_greys_of_few_values_in_16_bits_have_8(tmp_path: Path, order: str) -> None:
    values = RNG.integers(0, 256, (21, 33))
    write_grey_tiff(tmp_path / "x.tif", values, order=order)
    photograph = read_photograph(tmp_path / "x.tif")
    assert photograph.low is None
    assert np.array_equal(photograph.rows(0, 21)[..., 0], values)


def test_16_bit_greys_whose_0_is_white_are_no_negative(tmp_path: Path) -> None:
    values = RNG.integers(0, 65536, (21, 33))
    write_grey_tiff(tmp_path / "x.tif", values, WHITE_IS_ZERO)
    assert np.array_equal(read_photograph(tmp_path / "x.tif").rows(0, 21)[..., 0], 65535 - values)
    with Image.open(tmp_path / "x.tif") as opened:
        assert np.array_equal(Photograph.from_pil(opened).rows(0, 21)[..., 0], 65535 - values)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_the_picture_is_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "Maker"
    picture().save(tmp_path / f"x{suffix}", exif=exif, dpi=(300, 150))
    photograph = read_photograph(tmp_path / f"x{suffix}")
    turned = orientation >= 5
    assert photograph.size == ((24, 40) if turned else (40, 24))
    upright = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}[orientation]
    expected = picture() if upright is None else picture().transpose(Image.Transpose(upright))
    difference = np.asarray(photograph.pixels, dtype=int) - np.asarray(expected, dtype=int)
    assert np.abs(difference).mean() < 8
    kept = Image.Exif()
    kept.load(photograph.metadata.exif)
    assert kept.get(ORIENTATION, 1) == 1
    assert kept[0x010F] == "Maker"
    assert photograph.metadata.dpi == pytest.approx((150, 300) if turned else (300, 150), abs=1)


def test_deep_pixels_are_turned_with_both_their_bytes(tmp_path: Path) -> None:
    values = RNG.integers(0, 65536, (5, 7), dtype=np.uint16)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(values).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(read_photograph(tmp_path / "x.png").rows(0, 7)[..., 0], np.rot90(values, -1))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_is_followed(tmp_path: Path, mode: str) -> None:
    stored = picture().convert(mode)
    stored.save(tmp_path / "x.png", icc_profile=wide_gamut())
    photograph = read_photograph(tmp_path / "x.png")
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(wide_gamut())), ImageCms.createProfile("sRGB"), "RGB", "RGB"
    )
    expected = ImageCms.applyTransform(stored.convert("RGB"), transform)
    assert np.array_equal(np.asarray(photograph.pixels.convert("RGB")), np.asarray(expected))
    assert not np.array_equal(np.asarray(expected), np.asarray(stored.convert("RGB")))
    assert photograph.metadata.tagged


def test_greys_with_the_profile_of_the_colours_they_were_made_from(tmp_path: Path) -> None:
    picture().convert("L").save(tmp_path / "x.jpg", icc_profile=wide_gamut())
    photograph = read_photograph(tmp_path / "x.jpg")
    assert photograph.pixels.mode == "RGB"
    assert photograph.notes == ()


def test_a_profile_that_is_srgb_in_effect_changes_nothing(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture().save(tmp_path / "x.png", icc_profile=profile)
    assert np.array_equal(np.asarray(read_photograph(tmp_path / "x.png").pixels), np.asarray(picture()))


def test_16_bit_colours_with_a_profile_are_converted_in_8(tmp_path: Path) -> None:
    values = RNG.integers(0, 65536, (8, 9, 3), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "x.png"), values)
    raw = (tmp_path / "x.png").read_bytes()
    body = b"iCCP" + b"p\0\0" + zlib.compress(wide_gamut())
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "y.png").write_bytes(raw[:33] + chunk + raw[33:])
    photograph = read_photograph(tmp_path / "y.png")
    assert photograph.low is None
    assert "converted in 8 bits" in photograph.notes[0]


@pytest.mark.parametrize("deep", [False, True])
def test_a_profile_that_cannot_be_used_is_ignored_and_said(tmp_path: Path, deep: bool) -> None:
    image = Image.fromarray(np.full((4, 4), 40000, np.uint16)) if deep else picture()
    image.save(tmp_path / "x.png", icc_profile=b"\0" * 200)
    photograph = read_photograph(tmp_path / "x.png")
    assert "profile cannot be used" in photograph.notes[0]
    assert photograph.rows(0, 4).max() == (40000 if deep else 255)


def test_only_the_first_frame_is_used_and_that_is_said(tmp_path: Path) -> None:
    frames = [Image.new("L", (5, 5), level) for level in (10, 200)]
    frames[0].save(tmp_path / "x.tif", save_all=True, append_images=frames[1:])
    photograph = read_photograph(tmp_path / "x.tif")
    assert photograph.pixels.getpixel((0, 0)) == 10
    assert photograph.notes == ("only the first of its 2 frames is used",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no such file"),
        (b"", "is not an image"),
        (b"no picture", "is not an image"),
        ("truncated", "cannot be decoded"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_the_name_and_the_reason(
    tmp_path: Path, content: bytes | str | None, words: str
) -> None:
    path = tmp_path / "x.jpg"
    if content == "truncated":
        picture(200, 200).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(ColorlibError, match=words) as refused:
        read_photograph(path)
    assert "x.jpg" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_numbers_without_a_range_are_refused(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 0.5).save(tmp_path / "f.tif")
    with pytest.raises(ColorlibError, match=r"f\.tif.*no known range"):
        read_photograph(tmp_path / "f.tif")
    with pytest.raises(ColorlibError, match="no known range"):
        Photograph.from_pil(Image.new("I", (4, 4), 70000))
    with pytest.raises(ColorlibError, match="expected a PIL image"):
        Photograph.from_pil(np.zeros((4, 4)))  # type: ignore[arg-type]


def test_a_bomb_is_refused_before_it_is_decoded_and_the_limit_can_be_raised(tmp_path: Path) -> None:
    Image.new("1", (20000, 10000)).save(tmp_path / "bomb.png")  # beyond Pillow's own limit, which is not ours
    with pytest.raises(ColorlibError, match=r"200 megapixels, more than the limit of 100: .*--max-megapixels"):
        read_photograph(tmp_path / "bomb.png", max_pixels=100_000_000)
    before = Image.MAX_IMAGE_PIXELS
    assert read_photograph(tmp_path / "bomb.png").size == (20000, 10000)
    assert before == Image.MAX_IMAGE_PIXELS


def test_16_bit_colours_have_no_other_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = RNG.integers(0, 65536, (8, 9, 3), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "x.png"), values)
    with monkeypatch.context() as patched:
        patched.setattr(Image, "MAX_IMAGE_PIXELS", 8 * 9 // 3)
        photograph = read_photograph(tmp_path / "x.png")
    assert np.array_equal(photograph.rows(0, 8), values[..., ::-1])


def test_a_fingerprint_covers_mode_size_and_every_sample() -> None:
    tall = Image.fromarray(RNG.integers(0, 256, (700, 128, 3), dtype=np.uint8))  # hashed in two parts
    changed, last = tall.copy(), tall.getpixel((127, 699))
    assert isinstance(last, tuple)
    changed.putpixel((127, 699), (last[0], last[1], last[2] ^ 1))
    flat = Image.frombytes("RGB", (256, 350), tall.tobytes())
    grey = Image.frombytes("L", (384, 700), tall.tobytes())
    prints = [Photograph.from_pil(image).fingerprint.tobytes() for image in (tall, changed, flat, grey)]
    assert len(set(prints)) == 4
    assert prints[0] == Photograph.from_pil(tall.copy()).fingerprint.tobytes()
    assert len(prints[0]) == 32


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize(
    ("size", "wanted", "most"),
    [((70, 53), (96, 64), 2), ((70, 53), (40, 96), 2), ((1, 1), (8, 8), 0), ((903, 705), (96, 72), 6)],
)
def test_it_is_resized_as_by_pillow(mode: str, size: tuple[int, int], wanted: tuple[int, int], most: int) -> None:
    whole = Image.fromarray(RNG.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)
    exact = np.asarray(whole.convert("RGB").resize(wanted, Image.Resampling.BICUBIC), dtype=int)
    resized = Photograph(whole).resized(*wanted)
    assert (resized.shape, resized.dtype) == ((wanted[1], wanted[0], 3), np.uint8)
    assert np.abs(resized - exact).max() <= most
