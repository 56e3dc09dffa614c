"""Where tiles lie on a picture, and how much each of them counts at each sample: the arithmetic of one axis, twice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RAMP = 32  # pixels over which one tile gives way to the next, at least, where the overlap has room for it


@dataclass(frozen=True)
class Axis:
    """The tiles along one axis.

    Attributes:
        origins: the first pixel of each tile; a multiple of what the network pads to, so that its strided layers take
            the same samples in a tile as in the whole picture.
        length: of every tile, in pixels; likewise a multiple.
        shares: tiles × samples: how much each tile counts at each of its samples. At every sample of the picture the
            shares of the tiles that reach it sum to one.
    """

    origins: tuple[int, ...]
    length: int
    shares: NDArray[np.float32]


def plan_axis(size: int, tile: int, overlap: int, margin: int, multiple: int, stride: int) -> Axis:
    """Cover `size` pixels with tiles.

    Args:
        size: of the picture, in pixels.
        tile: the longest side of a tile; rounded up to a multiple. A picture no longer than that is one tile.
        overlap: of neighbours, at least; 0 ≤ overlap < tile.
        margin: beside a neighbour a tile counts nothing within so many pixels of its border, where the network would
            miss what lies beyond; less where the overlap is too small for it.
        multiple: that the network pads its input to.
        stride: of its output.
    """
    whole = rounded_up(size, multiple)
    length = min(rounded_up(tile, multiple), whole)
    step = max(multiple, (length - overlap) // multiple * multiple)
    origins = (*range(0, whole - length, step), whole - length)
    shared = length - step
    inner = min(margin, (shared - min(shared, RAMP)) // 2)
    ramp = max(1, shared - 2 * inner)
    at = np.arange(0, length, stride, dtype=np.float64)
    raw = np.zeros((len(origins), len(at)))
    total = np.zeros(whole // stride)
    for row, origin in zip(raw, origins, strict=True):
        left = np.inf if origin == 0 else at
        right = np.inf if origin == whole - length else length - stride - at
        row[:] = np.clip((np.minimum(left, right) - inner + stride) / ramp, 0, 1)
        total[origin // stride : (origin + length) // stride] += row
    for row, origin in zip(raw, origins, strict=True):
        row /= total[origin // stride : (origin + length) // stride]
    return Axis(origins, length, raw.astype(np.float32))


def rounded_up(value: int, multiple: int) -> int:
    """The least multiple that is no less."""
    return -(-value // multiple) * multiple
