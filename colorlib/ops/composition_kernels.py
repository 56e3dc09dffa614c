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
Flags = npt.NDArray[np.bool_]
Three = tuple[Floats, Floats, Floats]

BELOW, ABOVE = np.float32(chroma.BELOW), np.float32(chroma.ABOVE)
HALVINGS = chroma.HALVINGS
ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)
LINEAR_KNEE, SLOPE = np.float32(0.0031308), np.float32(12.92)
GAMMA, SCALE, SHIFT = np.float32(1 / 2.4), np.float32(1.055), np.float32(0.055)
DEEPEST = np.float32(65535)
LANES = 64  # loops run over a multiple of it, so that none of their rounds is left to the compiler's unvectorised rest


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
        clamped: R, how many pixels had to lose chroma, in sum; their number stands at the first of several rows.
        start: first row.
        stop: the row after the last.
    """
    width = pixels.shape[1]
    colour = pixels.shape[2] >= 3
    deep = linear.shape[0] > 256
    # Several rows of a narrow picture at a time, or equal parts of a wide row.
    group = max(1, TILE // width)
    part = -(-width // -(-width // TILE))
    tile = -(-group * part // LANES) * LANES
    ab_row = np.empty((2, ab.shape[2]), np.float32)
    luminance, roots = np.ones(tile, np.float32), np.empty(tile, np.float32)
    a, b, whole = np.zeros(tile, np.float32), np.zeros(tile, np.float32), np.ones(tile, np.float32)
    xyz, rgb, theirs, their_rgb = _three(tile), _three(tile), _three(tile), _three(tile)
    outside, places, cells = np.empty(tile, np.bool_), np.empty(tile, np.int32), np.empty(tile, np.int32)
    y_red, y_green, y_blue = to_y
    for top in range(start, stop, group):
        bottom = min(top + group, stop)
        clamped[top] = 0
        for left in range(0, width, part):
            right = min(left + part, width)
            here = right - left
            for row in range(top, bottom):
                at = (row - top) * here
                for j in range(here):
                    if colour:
                        luminance[at + j] = (
                            y_red * linear[pixels[row, left + j, 0]]
                            + y_green * linear[pixels[row, left + j, 1]]
                            + y_blue * linear[pixels[row, left + j, 2]]
                        )
                    else:
                        luminance[at + j] = linear[pixels[row, left + j, 0]]
                for channel in range(2):
                    for j in range(ab.shape[2]):
                        first = ab[channel, rows[row], j]
                        below = ab[channel, rows[row] + 1, j]
                        ab_row[channel, j] = (first + row_shares[row] * (below - first)) * blend
                _between(ab_row[0], columns[left:right], column_shares[left:right], F500, a[at : at + here])
                _between(ab_row[1], columns[left:right], column_shares[left:right], F200, b[at : at + here])
            lab_roots(luminance, luminance.view(np.int32), roots, roots.view(np.int32))
            _light(roots, a, b, whole, to_rgb, xyz, rgb, outside)
            found = 0
            for j in range((bottom - top) * here):
                places[found] = j
                found += outside[j]
            if found > 0:
                clamped[top] += found
                for k in range(found):
                    j = places[k]
                    theirs[0][k], theirs[1][k], theirs[2][k] = roots[j], a[j], b[j]
                _reduce_chroma(theirs, -(-found // LANES) * LANES, to_rgb, xyz, their_rgb, outside)
                for channel in range(3):
                    for k in range(found):
                        rgb[channel][places[k]] = their_rgb[channel][k]
            for channel in range(3):
                light = rgb[channel]
                for j in range(tile):
                    light[j] = min(light[j], ONE) if light[j] > ZERO else ZERO
                for j in range(tile):
                    cells[j] = np.int32(light[j] * np.float32(LEVEL_CELLS))
                for row in range(top, bottom):
                    at = (row - top) * here
                    if deep:
                        for j in range(here):
                            value = light[at + j]
                            curve = SCALE * value**GAMMA - SHIFT if value > LINEAR_KNEE else SLOPE * value
                            out[row, left + j, channel] = np.uint16(curve * DEEPEST + HALF)
                    else:
                        for j in range(here):
                            level = levels[np.uint32(cells[at + j])]
                            out[row, left + j, channel] = level + (light[at + j] >= thresholds[level])


@compiled
def _three(size: int) -> Three:
    return np.zeros(size, np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)


@compiled
def _between(row: Floats, columns: Ints, shares: Floats, unit: np.float32, out: Floats) -> None:
    """Interpolate a row of the map."""
    for j in range(len(columns)):
        first = row[np.uint32(columns[j])]
        out[j] = (first + shares[j] * (row[np.uint32(columns[j]) + 1] - first)) / unit


@compiled
def _cube(root: np.float32) -> np.float32:
    """The inverse of Lab's f."""
    line = (root - LAB_OFFSET) / LAB_SLOPE
    return root * root * root if root > LAB_ROOT_KNEE else line


@compiled
def _light(
    roots: Floats, a: Floats, b: Floats, factor: Floats, to_rgb: Floats, xyz: Three, rgb: Three, outside: Flags
) -> None:
    """Linear R, G, B of colours with `factor` times their chroma, and which of them no screen shows.

    A loop writes one array: of several the compiler cannot rule out that they overlap, and does not vectorise.
    """
    (x, y, z), (red, green, blue) = xyz, rgb
    (red_x, red_y, red_z), (green_x, green_y, green_z), (blue_x, blue_y, blue_z) = to_rgb
    count = len(roots)
    for j in range(count):
        x[j] = _cube(roots[j] + factor[j] * a[j])
    for j in range(count):
        y[j] = _cube(roots[j])
    for j in range(count):
        z[j] = _cube(max(roots[j] - factor[j] * b[j], ZERO))
    for j in range(count):
        red[j] = red_x * x[j] + red_y * y[j] + red_z * z[j]
    for j in range(count):
        green[j] = green_x * x[j] + green_y * y[j] + green_z * z[j]
    for j in range(count):
        blue[j] = blue_x * x[j] + blue_y * y[j] + blue_z * z[j]
    for j in range(count):
        low, high = min(red[j], green[j], blue[j]), max(red[j], green[j], blue[j])
        outside[j] = (low < BELOW) | (high > ABOVE)


@compiled
def _reduce_chroma(colours: Three, count: int, to_rgb: Floats, xyz: Three, rgb: Three, outside: Flags) -> None:
    """Linear R, G, B of the most vivid colours of the same L and hue that are some."""
    roots, a, b = colours[0][:count], colours[1][:count], colours[2][:count]
    factor, trial = np.zeros(count, np.float32), np.empty(count, np.float32)
    step = ONE
    for _ in range(HALVINGS):
        step *= HALF
        for k in range(count):
            trial[k] = factor[k] + step
        _light(roots, a, b, trial, to_rgb, xyz, rgb, outside)
        for k in range(count):
            factor[k] += step * np.float32(not outside[k])
    _light(roots, a, b, factor, to_rgb, xyz, rgb, outside)
