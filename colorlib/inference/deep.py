"""Samples of 16 bits: Pillow holds them for greys only, so colours travel as two 8-bit images, high and low bytes."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorlib.data.greys import GreyScale, Numbers
from colorlib.inference.opening import open_any

BLOCK_ROWS = 256
# Raw modes by which Pillow keeps the first byte of each sample, and those that keep the second.
FIRST, SECOND = "16B", "16L"


def is_deep(image: Image.Image) -> bool:
    """Whether the samples have 16 bits; asked before the image is loaded, which makes Pillow forget."""
    return any("16" in str(getattr(tile, "args", "")) for tile in getattr(image, "tile", ()))


def low_bytes(path: Path, image: Image.Image) -> Image.Image | None:
    """The less significant bytes of a colour image with 16 bits a sample, of which Pillow loads the others.

    Args:
        path: of the file.
        image: what Pillow opened there; it may be loaded already.

    Returns:
        An image of the same mode and size; None where the samples have 8 bits, or are laid out in a way (grey with
        alpha, planes apart, CMYK) of which Pillow has no such view.
    """
    if image.mode not in ("RGB", "RGBA"):
        return None
    with open_any(path) as again:
        tiles = []
        for tile in again.tile:
            swapped = _swapped(tile.args, again.mode)
            if swapped is None:
                return None
            tiles.append(tile._replace(args=swapped))
        if not tiles:
            return None
        again.tile = tiles
        again.load()
        return again if again.mode == image.mode else None


def split(values: Numbers, scale: GreyScale) -> tuple[Image.Image, Image.Image]:
    """The high and the low bytes of 16-bit greys, H×W in that scale, as two images of mode L."""
    height, width = values.shape
    high, low = Image.new("L", (width, height)), Image.new("L", (width, height))
    for top in range(0, height, BLOCK_ROWS):
        block = scale.levels(values[top : top + BLOCK_ROWS])
        high.paste(Image.fromarray((block >> 8).astype(np.uint8)), (0, top))
        low.paste(Image.fromarray((block & 255).astype(np.uint8)), (0, top))
    return high, low


def curved(high: Image.Image, low: Image.Image, curve: NDArray[np.float64]) -> None:
    """Put 16-bit greys through a curve of 256 points (0 to 255), in place; between the points it is a straight line."""
    table = np.interp(np.arange(65536) / 257, np.arange(256), curve) * 257
    table = np.rint(table).astype(np.int64)
    for top in range(0, high.height, BLOCK_ROWS):
        box = (0, top, high.width, min(top + BLOCK_ROWS, high.height))
        values = table[(np.asarray(high.crop(box)).astype(np.int64) << 8) | np.asarray(low.crop(box))]
        high.paste(Image.fromarray((values >> 8).astype(np.uint8)), box)
        low.paste(Image.fromarray((values & 255).astype(np.uint8)), box)


def _swapped(args: tuple[Any, ...] | str | None, mode: str) -> tuple[Any, ...] | str | None:
    """The tile's arguments with the raw mode for the other byte; None where there is none."""
    raw, *rest = args if isinstance(args, tuple) else (args,)
    if not isinstance(raw, str):
        return None
    name, _, depth = raw.partition(";")
    # "16N" is the order of this machine: what libtiff hands over.
    other = {FIRST: SECOND, SECOND: FIRST, "16N": SECOND if _big_endian() else FIRST}.get(depth)
    if other is None or name != mode:
        return None
    return (f"{name};{other}", *rest) if isinstance(args, tuple) else f"{name};{other}"


def _big_endian() -> bool:
    return bool(np.array([1], dtype=np.uint16).view(np.uint8)[0] == 0)
