"""A photograph's own lightness under predicted ab, in one pass over its rows: from integer sRGB to integer sRGB.

Nothing of the photograph's size is made but the result: L, the enlarged ab and linear light exist for a stretch of one
row at a time. The formulas are those of `lab`; a colour that no screen shows loses chroma, and only chroma, until one
does.
"""

import numpy as np
import numpy.typing as npt

from colorlib.ops import chroma
from colorlib.ops.compiled import compiled
from colorlib.ops.lab_kernels import (
    F200,
    F500,
    LAB_OFFSET,
    LAB_ROOT_KNEE,
    LAB_SLOPE,
    LEVEL_CELLS,
    TILE,
    Bytes,
    Floats,
    Ints,
    lab_roots,
)

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

BELOW, ABOVE = np.float32(chroma.BELOW), np.float32(chroma.ABOVE)
HALVINGS = chroma.HALVINGS
ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)
LINEAR_KNEE, SLOPE = np.float32(0.0031308), np.float32(12.92)
GAMMA, SCALE, SHIFT = np.float32(1 / 2.4), np.float32(1.055), np.float32(0.055)
DEEPEST = np.float32(65535)


@compiled
def compose_rows(
    pixels: Pixels,
    out: Pixels,
    linear: Floats,
    to_y: Floats,
    to_rgb: Floats,
    thresholds: Floats,
    levels: Bytes,
    ab: Floats,
    rows: Ints,
    row_shares: Floats,
    columns: Ints,
    column_shares: Floats,
    blend: np.float32,
    clamped: npt.NDArray[np.int64],
    start: int,
    stop: int,
) -> None:
    """Colour the rows start..stop.

    Args:
        pixels: R×W×C integers; C = 1 is grey, the first three of more are sRGB.
        out: R×W×D of the same dtype, D ≥ 3; its first three channels are written.
        linear: linear light of every level, 256 or 65536 entries.
        to_y: 3, the shares of linear R, G, B in Y.
        to_rgb: 3×3, from XYZ relative to white to linear RGB.
        thresholds, levels: the tables of `lab_kernels`, for 8 bits.
        ab: 2×h×w, Lab units.
        rows, row_shares: R each; pixel row i lies between map rows rows[i] and rows[i] + 1, at that share of the way.
        columns, column_shares: the same for W columns; no index may exceed h − 2 or w − 2.
        blend: factor on ab, 0 is grey.
        clamped: R, how many pixels of the row had to lose chroma.
        start: first row.
        stop: the row after the last.
    """
    width = pixels.shape[1]
    colour = pixels.shape[2] >= 3
    deep = linear.shape[0] > 256
    ab_row = np.empty((2, ab.shape[2]), np.float32)
    luminance = np.ones(TILE, np.float32)
    roots = np.empty(TILE, np.float32)
    rgb = np.empty((3, TILE), np.float32)
    a, b = np.zeros(TILE, np.float32), np.zeros(TILE, np.float32)
    outside = np.zeros(TILE, np.bool_)
    cells = np.empty(TILE, np.int32)
    y_red, y_green, y_blue = to_y
    for row in range(start, stop):
        upper, share = rows[row], row_shares[row]
        for channel in range(2):
            for j in range(ab.shape[2]):
                first = ab[channel, upper, j]
                ab_row[channel, j] = (first + share * (ab[channel, upper + 1, j] - first)) * blend
        count = 0
        for left in range(0, width, TILE):
            here = min(TILE, width - left)
            for j in range(here):
                if colour:
                    luminance[j] = (
                        y_red * linear[pixels[row, left + j, 0]]
                        + y_green * linear[pixels[row, left + j, 1]]
                        + y_blue * linear[pixels[row, left + j, 2]]
                    )
                else:
                    luminance[j] = linear[pixels[row, left + j, 0]]
            lab_roots(luminance, luminance.view(np.int32), roots, roots.view(np.int32))
            for j in range(here):
                column, part = columns[left + j], column_shares[left + j]
                a[j] = (ab_row[0, column] + part * (ab_row[0, column + 1] - ab_row[0, column])) / F500
                b[j] = (ab_row[1, column] + part * (ab_row[1, column + 1] - ab_row[1, column])) / F200
            for j in range(TILE):
                x, y, z = _cube(roots[j] + a[j]), _cube(roots[j]), _cube(max(roots[j] - b[j], ZERO))
                low, high = ONE, ZERO
                for channel in range(3):
                    light = to_rgb[channel, 0] * x + to_rgb[channel, 1] * y + to_rgb[channel, 2] * z
                    rgb[channel, j] = light
                    low, high = min(low, light), max(high, light)
                outside[j] = (low < BELOW) | (high > ABOVE)
            for j in range(here):
                if outside[j]:
                    count += 1
                    _reduce_chroma(roots[j], a[j], b[j], to_rgb, rgb, j)
            for channel in range(3):
                for j in range(TILE):
                    light = min(rgb[channel, j], ONE) if rgb[channel, j] > ZERO else ZERO
                    rgb[channel, j] = light
                    cells[j] = np.int32(light * np.float32(LEVEL_CELLS))
                if deep:
                    for j in range(here):
                        light = rgb[channel, j]
                        curve = SCALE * light**GAMMA - SHIFT if light > LINEAR_KNEE else SLOPE * light
                        out[row, left + j, channel] = np.uint16(curve * DEEPEST + HALF)
                else:
                    for j in range(here):
                        level = levels[np.uint32(cells[j])]
                        out[row, left + j, channel] = level + (rgb[channel, j] >= thresholds[level])
        clamped[row] = count


@compiled
def _cube(root: np.float32) -> np.float32:
    """The inverse of Lab's f."""
    line = (root - LAB_OFFSET) / LAB_SLOPE
    return root * root * root if root > LAB_ROOT_KNEE else line


@compiled
def _reduce_chroma(root: np.float32, a: np.float32, b: np.float32, to_rgb: Floats, rgb: Floats, j: int) -> None:
    """Write into rgb[:, j] the most vivid colour of the same L and hue that is one; a and b are divided by 500, 200."""
    inside, outside = ZERO, ONE
    for step in range(HALVINGS + 1):
        # The last round writes the largest factor that was seen to lie inside.
        factor = inside if step == HALVINGS else HALF * (inside + outside)
        x, y, z = _cube(root + factor * a), _cube(root), _cube(max(root - factor * b, ZERO))
        low, high = ONE, ZERO
        for channel in range(3):
            light = to_rgb[channel, 0] * x + to_rgb[channel, 1] * y + to_rgb[channel, 2] * z
            rgb[channel, j] = light
            low, high = min(low, light), max(high, light)
        if low < BELOW or high > ABOVE:
            outside = factor
        else:
            inside = factor
