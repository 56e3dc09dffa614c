"""A PNG of 16 bits a sample, written row by row (W3C PNG specification, third edition); Pillow writes 8."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from colorlib.inference import profiles
from colorlib.inference.metadata import Metadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {3: 2, 4: 6}
UP = 2  # the filter that stores each sample's difference from the one above
LEVEL = 3  # of zlib: 16-bit photographs shrink little, and slowly
METRES = 0.0254  # in an inch


def write(
    file: BinaryIO, blocks: Iterator[NDArray[np.uint16]], size: tuple[int, int], channels: int, metadata: Metadata
) -> None:
    """Write blocks of rows, R×W×channels uint16 from the top, as one PNG with `metadata`."""
    width, height = size
    file.write(SIGNATURE)
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0))
    if metadata.tagged:
        _chunk(file, b"iCCP", b"sRGB\0\0" + zlib.compress(profiles.srgb()))
    if metadata.dpi is not None:
        _chunk(file, b"pHYs", struct.pack(">IIB", *(round(dots / METRES) for dots in metadata.dpi), 1))
    if metadata.exif:
        _chunk(file, b"eXIf", metadata.exif.removeprefix(b"Exif\0\0"))
    xmp = () if metadata.xmp is None else (("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", errors="replace")),)
    for key, value in (*metadata.text, *xmp):
        _chunk(file, b"iTXt", key.encode("latin-1", errors="replace") + b"\0\0\0\0\0" + value.encode())
    _pixels(file, blocks, width * channels * 2)
    _chunk(file, b"IEND", b"")


def _pixels(file: BinaryIO, blocks: Iterator[NDArray[np.uint16]], row_bytes: int) -> None:
    packer = zlib.compressobj(LEVEL)
    above = np.zeros((1, row_bytes), np.uint8)
    for block in blocks:
        rows = block.astype(">u2").view(np.uint8).reshape(len(block), row_bytes)
        filtered = np.empty((len(block), row_bytes + 1), np.uint8)
        filtered[:, 0] = UP
        filtered[:, 1:] = rows - np.concatenate((above, rows[:-1]))  # modulo 256, as the specification says
        above = rows[-1:]
        if packed := packer.compress(filtered.tobytes()):
            _chunk(file, b"IDAT", packed)
    _chunk(file, b"IDAT", packer.flush())


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
