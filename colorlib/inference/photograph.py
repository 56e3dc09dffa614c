"""What people bring: any picture file, or PIL image, as upright sRGB of 8 or 16 bits with alpha and metadata."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from colorlib.data.greys import GreyScale
from colorlib.data.photos import reading
from colorlib.errors import ColorlibError
from colorlib.inference import deep, profiles
from colorlib.inference.metadata import ORIENTATION, Metadata, metadata_of
from colorlib.inference.opening import open_any

MAX_PIXELS = 268_000_000
"""Pixels beyond which a file is refused unless told otherwise: a small file can claim any size."""

MODES = ("L", "RGB", "RGBA")  # of a photograph
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
HASHED = 1 << 16  # pixels hashed at a time: they stay in the second-level cache, and little memory is taken
GAP = 3  # times the wanted size, to which a larger picture is reduced before it is resampled
SIDEWAYS = (5, 6, 7, 8)  # orientations that exchange width and height


@dataclass
class Photograph:
    """A picture as it will be coloured.

    Attributes:
        pixels: upright, of mode L, RGB or RGBA, sRGB; of 16-bit samples the more significant bytes.
        low: the less significant bytes, of the same mode and size; None for 8 bits.
        metadata: what is to be written into the result.
        notes: what of the file could not be kept, a sentence each.
    """

    pixels: Image.Image
    low: Image.Image | None = None
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    @classmethod
    def from_pil(cls, image: Image.Image) -> "Photograph":
        """Take over a PIL image, which stays as it is.

        Raises:
            ColorlibError: not a PIL image, one without pixels or that cannot be decoded, or of a mode whose numbers
                have no defined range.
        """
        if not isinstance(image, Image.Image):
            raise ColorlibError(f"expected a PIL image, got {type(image).__name__}: use Image.fromarray for an array")
        with reading(Path(os.fsdecode(getattr(image, "filename", "") or "the picture"))):
            copy = image.copy()  # what was only opened is decoded here
            copy.info = dict(image.info)
            exif = image.getexif()
            if len(exif):
                copy.info["exif"] = exif.tobytes()  # a copy does not take over what was set on the image itself
        return _photograph(copy, exif.get(ORIENTATION, 1), GreyScale.of(image))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.size

    @cached_property
    def fingerprint(self) -> NDArray[np.uint8]:
        """SHA-256 over mode, size, and the samples row by row, 32 bytes; of the photograph when first asked for."""
        pixels = self.pixels
        digest = hashlib.sha256(f"{pixels.mode} {pixels.width} {pixels.height}:".encode("ascii"))
        rows = max(1, HASHED // pixels.width)
        for top in range(0, pixels.height, rows):
            digest.update(pixels.crop((0, top, pixels.width, min(top + rows, pixels.height))).tobytes())
        return np.frombuffer(digest.digest(), np.uint8)

    def rows(self, top: int, count: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Rows top..top + count (fewer at the end) as R×W×C; uint16 where the photograph has 16 bits."""
        box = (0, top, self.pixels.width, min(top + count, self.pixels.height))
        high = _array(self.pixels.crop(box))
        if self.low is None:
            return high
        return (high.astype(np.uint16) << np.uint16(8)) | _array(self.low.crop(box)).astype(np.uint16)

    def crop(self, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """The 8-bit sRGB of a part (left, top, right, bottom) as R×W×3."""
        return np.asarray(self.pixels.crop(box).convert("RGB"))

    def resized(self, width: int, height: int) -> NDArray[np.uint8]:
        """The whole picture at another size, height×width×3 of 8 bits, bicubic.

        What is much larger is first reduced by whole numbers; that may leave out a third of a pixel of the result at
        the right and lower edge.
        """
        pixels = self.pixels.convert("RGB") if self.pixels.mode == "RGBA" else self.pixels
        across, down = (max(1, int(old / new / GAP)) for old, new in zip(self.size, (width, height), strict=True))
        if max(across, down) > 1:
            pixels = pixels.reduce((across, down), (0, 0, self.size[0] // across * across, self.size[1] // down * down))
        source = torch.from_numpy(np.array(pixels.convert("RGB")))[None].permute(0, 3, 1, 2)  # (1, 3, H, W)
        # Pillow's filter, within two levels, in a fifth of the time.
        result = F.interpolate(source, (height, width), mode="bicubic", antialias=True)
        return np.ascontiguousarray(result[0].permute(1, 2, 0).numpy())  # (height, width, 3)

    def at_most(self, longest: int) -> "Photograph":
        """The same picture in 8 bits, its longer side at most that many pixels, with its alpha and without metadata."""
        scale = min(1.0, longest / max(self.size))
        width, height = (max(1, round(side * scale)) for side in self.size)
        if self.pixels.mode == "RGBA":  # Pillow weighs by alpha: nothing hidden gets into what is seen
            return Photograph(self.pixels.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=GAP))
        return Photograph(Image.fromarray(self.resized(width, height)))


def read_photograph(path: Path, max_pixels: int = MAX_PIXELS) -> Photograph:
    """Read the picture file at `path`: its first frame, upright, by its colour profile, with alpha and 16 bits kept.

    Raises:
        ColorlibError: one line that names the file and the reason: it is no picture, truncated, larger than
            `max_pixels` (refused before anything is decoded), or its numbers have no known range.
    """
    with open_checked(path, max_pixels) as image:
        low = path if deep.is_deep(image) else None
        orientation = image.getexif().get(ORIENTATION, 1)  # of a PNG this loads it
        image.load()
        return _photograph(image, orientation, GreyScale.of(image), low)


@contextmanager
def open_checked(path: Path, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a file and read its header only.

    Raises:
        ColorlibError: as `read_photograph`, also in place of what goes wrong with the file within the block.
    """
    with reading(path), open_any(path) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise ColorlibError(
                f"{width}×{height} is {width * height / 1e6:.0f} megapixels, more than the limit of "
                f"{max_pixels / 1e6:.0f}: if you trust the file, raise the limit with --max-megapixels"
            )
        yield image


def _photograph(image: Image.Image, orientation: int, scale: GreyScale, path: Path | None = None) -> Photograph:
    """A loaded image, which may be changed, as a photograph; `path` is where the low bytes of 16 bits can be found.

    `scale` is that of 16-bit greys.

    Raises:
        ColorlibError: as `read_photograph`.
    """
    if 0 in image.size:
        raise ColorlibError(f"the picture has {image.width}×{image.height} pixels, expected one at least: take another")
    if image.mode == "F":
        raise ColorlibError("a picture of mode F has no known range: scale it to [0, 255], make it mode L")
    notes = []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"only the first of its {frames} frames is used")
    if image.mode.startswith("I") and "transparency" in image.info:
        notes.append("the transparent level of 16-bit greys is dropped")
    profile = image.info.get("icc_profile") or None
    tagged = profile is not None or "srgb" in image.info
    # Of several frames Pillow keeps the file in use, which will be closed: the copy does without it.
    pixels, low = _samples(image.copy() if frames > 1 else image, scale, path)
    if profile is not None or pixels.mode in ("CMYK", "LAB"):
        try:
            pixels, low, lost = _in_srgb(pixels, low, profile)
            notes += lost
        except ValueError as error:
            notes.append(f"{error}: it is ignored, the numbers are taken as sRGB")
            pixels = pixels if pixels.mode in MODES else pixels.convert("RGB")
    # TIFFs are upright already: Pillow turns them while loading, and takes the tag away.
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    if turn is not None:
        pixels, low = pixels.transpose(turn), None if low is None else low.transpose(turn)
    return Photograph(pixels, low, metadata_of(image, pixels.size, orientation in SIDEWAYS, tagged), tuple(notes))


def _samples(image: Image.Image, scale: GreyScale, path: Path | None) -> tuple[Image.Image, Image.Image | None]:
    """High and low bytes; the first of mode L, RGB, RGBA, CMYK or LAB, the second None for 8 bits."""
    if image.mode.startswith("I"):
        return _grey16(image, scale)
    if image.has_transparency_data:
        known = image.convert("LA") if image.mode == "La" else image  # which Pillow converts to nothing else
        return (known if known.mode == "RGBA" else known.convert("RGBA")), _low(path, image)
    if image.mode in (*MODES, "CMYK", "LAB"):
        return image, _low(path, image)
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _low(path: Path | None, image: Image.Image) -> Image.Image | None:
    return deep.low_bytes(path, image) if path is not None else None


def _grey16(image: Image.Image, scale: GreyScale) -> tuple[Image.Image, Image.Image | None]:
    """16-bit greys, as two images; as one of 8 bits where no value exceeds 255, as `to_rgb` reads them."""
    values = np.asarray(image)  # Pillow itself knows no extremes of I;16B
    _, high = scale.limits(values)
    if high <= 255:
        return Image.fromarray(scale.numbers(values).astype(np.uint8)), None
    return deep.split(values, scale)


def _in_srgb(
    pixels: Image.Image, low: Image.Image | None, profile: bytes | None
) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """Apply the profile; returns high bytes, low bytes and what was lost on the way.

    Raises:
        ValueError: a profile that cannot be read, or is for another kind of picture.
    """
    if low is not None and pixels.mode == "L":
        curve = profiles.grey_curve(profile)
        if curve is not None:
            deep.curved(pixels, low, curve)
        return pixels, low, []
    converted = profiles.to_srgb(pixels, profile)
    if low is not None and converted is not pixels:
        return converted, None, ["16-bit colours with a profile other than sRGB are converted in 8 bits"]
    return converted, low, []


def _array(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
