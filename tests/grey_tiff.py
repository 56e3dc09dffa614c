"""A greyscale TIFF of 12 or 16 bits by the specification (TIFF 6.0): Pillow writes none whose 0 is white."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHORT, LONG = 3, 4
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1


def write_grey_tiff(
    path: Path, values: NDArray[np.integer], photometric: int = BLACK_IS_ZERO, bits: int = 16, order: str = "<"
) -> None:
    """Write H×W values as they are, in one strip without compression; `order` is "<" (II) or ">" (MM)."""
    height, width = values.shape
    if bits == 16:
        data = values.astype(f"{order}u2").tobytes()
    else:
        rows = ("".join(f"{value:0{bits}b}" for value in row) for row in values)
        padded = (row.ljust(-(-len(row) // 8) * 8, "0") for row in rows)
        data = b"".join(int(row, 2).to_bytes(len(row) // 8) for row in padded)
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height, 279: len(data)}
    first = 8 + len(data) + len(data) % 2  # of the directory, behind the pixels
    entries = [
        struct.pack(f"{order}HHII", tag, LONG, 1, value)
        if tag in (273, 279)
        else struct.pack(f"{order}HHIHH", tag, SHORT, 1, value, 0)
        for tag, value in tags.items()
    ]
    header = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, first)
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    path.write_bytes(header + data.ljust(first - 8, b"\0") + directory)
