"""Which file formats keep a picture in colour: its size, its colours, its alpha and its 16 bits."""

import math
from pathlib import Path

from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference.deep_tiff import LARGEST

WITH_ALPHA = ("PNG", "TIFF", "WEBP", "JPEG2000", "AVIF")
COLOURFUL = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "JPEG2000", "AVIF")
ASKED_FOR = ("DDS", "DIB", "IM", "MPO", "PPM", "QOI", "SGI", "TGA")  # which hold every colour, too
DEEP = ("PNG", "TIFF")  # formats that we write with 16 bits a sample
OFFERED = {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP"}
LONGEST = {"AVIF": 32768, "JPEG": 65500, "MPO": 65500, "SGI": 65535, "TGA": 65535, "WEBP": 16383}
"""Pixels of the longer side; AVIF could hold more, but is not read again."""


def format_of(target: Path) -> str:
    """The picture format that the suffix stands for.

    Raises:
        ColorlibError: none that Pillow writes, or one that changes a picture's size or colours.
    """
    format_ = Image.registered_extensions().get(target.suffix.lower())
    if format_ is None or format_ not in Image.SAVE:
        raise ColorlibError(f"{target}: {target.suffix or 'no suffix'} is no picture format, {remedy()}")
    if format_ not in (*COLOURFUL, *ASKED_FOR):
        raise ColorlibError(f"{target}: {target.suffix} does not keep a picture's size and all colours, {remedy()}")
    return format_


def is_writable(suffix: str) -> bool:
    """Whether a colourful picture can be kept in a file of that suffix, as it is and not in 256 colours."""
    return Image.registered_extensions().get(suffix.lower()) in COLOURFUL


def check_size(target: Path, size: tuple[int, int], deep: int = 0) -> None:
    """Refuse a picture that is too large for its format, best before work is spent on it.

    Args:
        target: whose suffix gives the format.
        size: width and height.
        deep: channels of 16 bits; 0 where a sample has 8.

    Raises:
        ColorlibError: it is, or as `format_of`.
    """
    if not _holds(format_of(target), size, deep):
        raise ColorlibError(
            f"{target}: {size[0]}×{size[1]} pixels are more than a {target.suffix} file holds, {remedy(size, deep)}"
        )


def remedy(size: tuple[int, int] = (1, 1), deep: int = 0, but: str | None = None) -> str:
    """The end of a sentence that offers formats for such a picture, other than `but`: "use .jpg, .png or .tif"."""
    offered = [suffix for suffix, format_ in OFFERED.items() if format_ != but and _holds(format_, size, deep)]
    *rest, last = offered
    return f"use {', '.join(rest)} or {last}" if rest else f"use {last}"


def _holds(format_: str, size: tuple[int, int], deep: int) -> bool:
    if max(size) > LONGEST.get(format_, math.inf):
        return False
    return format_ != "TIFF" or size[0] * size[1] * deep * 2 <= LARGEST
