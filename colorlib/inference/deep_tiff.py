"""A TIFF of 16 bits a sample, written strip by strip (TIFF 6.0, baseline RGB without compression); Pillow writes 8."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from colorlib.errors import ColorlibError
from colorlib.inference import profiles
from colorlib.inference.metadata import EXIF, GPS, Metadata

STRIP_ROWS = 64
LARGEST = (1 << 32) - (1 << 24)  # bytes: offsets have 32 bits, and the directory needs some of them
RGB, INCH, UNASSOCIATED_ALPHA = 2, 2, 2
(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES, ROWS, COUNTS, X, Y, UNIT, EXTRA, XMP, ICC) = (
    *(256, 257, 258, 259, 262, 273, 277, 278, 279, 282, 283, 296, 338, 700, 34675),
)


def write(
    file: BinaryIO, blocks: Iterator[NDArray[np.uint16]], size: tuple[int, int], channels: int, metadata: Metadata
) -> None:
    """Write blocks of rows, R×W×channels uint16 from the top, as one little-endian TIFF with `metadata`.

    Raises:
        ColorlibError: more than a TIFF holds (4 GiB).
    """
    width, height = size
    row = width * channels * 2  # bytes
    if row * height > LARGEST:
        raise ColorlibError(f"{width}×{height} pixels of 16 bits are more than a TIFF holds (4 GiB): write a .png")
    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    if metadata.exif:
        _describe(directory, metadata.exif)
    directory[WIDTH], directory[HEIGHT] = width, height
    directory[BITS] = (16,) * channels
    directory[COMPRESSION], directory[PHOTOMETRIC], directory[SAMPLES] = 1, RGB, channels
    directory[ROWS] = STRIP_ROWS
    starts = range(0, height, STRIP_ROWS)
    directory[OFFSETS] = tuple(row * start for start in starts)  # Pillow adds the directory's own length
    directory[COUNTS] = tuple(row * min(STRIP_ROWS, height - start) for start in starts)
    if channels == 4:
        directory[EXTRA] = (UNASSOCIATED_ALPHA,)
    if metadata.dpi is not None:
        directory[X], directory[Y], directory[UNIT] = *metadata.dpi, INCH
    if metadata.xmp is not None:
        directory[XMP] = metadata.xmp
    if metadata.tagged:
        directory[ICC] = profiles.srgb()
    directory.save(file)
    for block in blocks:
        file.write(block.astype("<u2").tobytes())


def _describe(directory: TiffImagePlugin.ImageFileDirectory_v2, block: bytes) -> None:
    exif = Image.Exif()
    exif.load(block)
    for tag, value in exif.items():
        if tag not in (EXIF, GPS):
            directory[tag] = value
    for tag in (EXIF, GPS):
        if details := dict(exif.get_ifd(tag)):
            directory[tag] = details
