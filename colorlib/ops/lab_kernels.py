"""uint8 sRGB to Lab and Lab to uint8 sRGB in one pass over the pixels, for CPUs; the formulas are those of `lab`."""

from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from colorlib.ops import cielab
from colorlib.ops.compiled import compiled, for_each_range
from colorlib.ops.memory import huge_page_empty
from footprint import pretended

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

TILE = 1024  # pixels worked on at a time; their intermediate values stay in the first-level cache
SMALLEST_RANGE = 16384  # pixels
LEVEL_CELLS = 4096  # so many that no cell of linear light holds two thresholds between 8-bit levels

# Constants of a float32 kernel are float32, or every operation would be carried out in float64.
ONE_THIRD = np.float32(1 / 3)
TWO = np.float32(2)
CUBE_ROOT_GUESS = np.int32(709958130)  # added to a third of a float's bits, gives its cube root within 4 %
LAB_KNEE = np.float32(cielab.LAB_KNEE)
LAB_ROOT_KNEE = np.float32(cielab.LAB_ROOT_KNEE)
LAB_SLOPE = np.float32(cielab.LAB_SLOPE)
LAB_OFFSET = np.float32(cielab.LAB_OFFSET)
F16, F116, F200, F500 = np.float32(16), np.float32(116), np.float32(200), np.float32(500)


def linear_light(srgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Undo sRGB's transfer function; both sides in [0, 1]."""
    return np.where(srgb > cielab.SRGB_KNEE, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)


WHITE = np.array(cielab.WHITE)
TO_XYZ = (np.array(cielab.RGB_TO_XYZ) / WHITE[:, None]).astype(np.float32)
TO_RGB = (np.linalg.inv(np.array(cielab.RGB_TO_XYZ)) * WHITE).astype(np.float32)
LINEAR = linear_light(np.arange(256) / 255).astype(np.float32)
# THRESHOLDS[v]: the linear light from which a channel rounds to v + 1; 255 is never left.
THRESHOLDS = np.append(linear_light((np.arange(255) + 0.5) / 255), np.inf).astype(np.float32)
# LEVELS[c]: the level at the lower end of cell c of the linear light.
LEVELS = np.searchsorted(THRESHOLDS, np.arange(LEVEL_CELLS + 1) / LEVEL_CELLS, side="right").astype(np.uint8)


def rgb_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """Convert N×3×H×W uint8 on the CPU to float32 Lab."""
    n, _, h, w = rgb.shape
    if pretended(rgb):
        return torch.empty((n, 3, h, w))
    source = rgb.contiguous().numpy().reshape(n, 3, h * w)
    result = huge_page_empty((n, 3, h, w), torch.float32)
    for image, out in zip(source, result.numpy().reshape(n, 3, h * w), strict=True):
        convert = partial(rgb_to_lab_range, image, out, LINEAR, TO_XYZ)
        for_each_range(convert, h * w, SMALLEST_RANGE)
    return result


def lab_to_rgb(values: torch.Tensor) -> torch.Tensor:
    """Convert N×3×H×W float32 Lab on the CPU to uint8 sRGB."""
    n, _, h, w = values.shape
    if pretended(values):
        return torch.empty((n, 3, h, w), dtype=torch.uint8)
    source = values.detach().contiguous().numpy().reshape(n, 3, h * w)
    result = huge_page_empty((n, 3, h, w), torch.uint8)
    for image, out in zip(source, result.numpy().reshape(n, 3, h * w), strict=True):
        convert = partial(lab_to_rgb_range, image, out, TO_RGB, THRESHOLDS, LEVELS)
        for_each_range(convert, h * w, SMALLEST_RANGE)
    return result


def lightness_of(pixels: Bytes) -> torch.Tensor:
    """L of H×W×3 uint8 sRGB as 1×1×H×W float32."""
    height, width, _ = pixels.shape
    result = torch.empty((1, 1, height, width))
    convert = partial(lightness_range, pixels.reshape(-1, 3), result.numpy().reshape(-1), LINEAR, TO_XYZ[1])
    for_each_range(convert, height * width, SMALLEST_RANGE)
    return result


@compiled
def lightness_range(rgb: Bytes, out: Floats, linear: Floats, to_y: Floats, start: int, stop: int) -> None:
    """L of the pixels start..stop of a P×3 image."""
    luminance, roots = np.ones(TILE, np.float32), np.empty(TILE, np.float32)
    luminance_bits, root_bits = luminance.view(np.int32), roots.view(np.int32)
    y_red, y_green, y_blue = to_y
    for first in range(start, stop, TILE):
        width = min(TILE, stop - first)
        for j in range(width):
            red, green, blue = linear[rgb[first + j, 0]], linear[rgb[first + j, 1]], linear[rgb[first + j, 2]]
            luminance[j] = y_red * red + y_green * green + y_blue * blue
        lab_roots(luminance, luminance_bits, roots, root_bits)
        for j in range(width):
            out[first + j] = F116 * roots[j] - F16


@compiled
def rgb_to_lab_range(rgb: Bytes, out: Floats, linear: Floats, matrix: Floats, start: int, stop: int) -> None:
    """Convert the pixels start..stop of a 3×P image; linear light by table, then loops the compiler can vectorise."""
    xyz = np.ones((3, TILE), np.float32)
    xyz_bits = xyz.view(np.int32)
    roots = np.empty((3, TILE), np.float32)
    root_bits = roots.view(np.int32)
    (xr, xg, xb), (yr, yg, yb), (zr, zg, zb) = matrix
    for first in range(start, stop, TILE):
        width = min(TILE, stop - first)
        for j in range(width):
            red, green, blue = linear[rgb[0, first + j]], linear[rgb[1, first + j]], linear[rgb[2, first + j]]
            xyz[0, j] = xr * red + xg * green + xb * blue
            xyz[1, j] = yr * red + yg * green + yb * blue
            xyz[2, j] = zr * red + zg * green + zb * blue
        for c in range(3):
            lab_roots(xyz[c], xyz_bits[c], roots[c], root_bits[c])
        for j in range(width):
            fx, fy, fz = roots[0, j], roots[1, j], roots[2, j]
            out[0, first + j] = F116 * fy - F16
            out[1, first + j] = F500 * (fx - fy)
            out[2, first + j] = F200 * (fy - fz)


@compiled
def lab_roots(xyz: Floats, xyz_bits: Ints, roots: Floats, root_bits: Ints) -> None:
    """Write Lab's f(x) of every entry: a cube root by two steps of Halley's method, or the straight line near black."""
    for j in range(len(roots)):
        root_bits[j] = np.int32(np.float32(xyz_bits[j]) * ONE_THIRD) + CUBE_ROOT_GUESS
    for j in range(len(roots)):
        x, root = xyz[j], roots[j]
        cube = root * root * root
        root = root * (cube + TWO * x) / (TWO * cube + x)
        cube = root * root * root
        root = root + root * (x - cube) / (TWO * cube + x)  # in this form rounding touches the small correction only
        roots[j] = root if x > LAB_KNEE else LAB_SLOPE * x + LAB_OFFSET


@compiled
def lab_to_rgb_range(
    lab_values: Floats, out: Bytes, matrix: Floats, thresholds: Floats, levels: Bytes, start: int, stop: int
) -> None:
    """Convert the pixels start..stop of a 3×P image; the level of a channel is exact: a threshold decides it."""
    xyz = np.zeros((3, TILE), np.float32)
    linear, cells = np.empty(TILE, np.float32), np.empty(TILE, np.int32)
    for first in range(start, stop, TILE):
        width = min(TILE, stop - first)
        for j in range(width):
            fy = (lab_values[0, first + j] + F16) / F116
            xyz[0, j] = fy + lab_values[1, first + j] / F500
            xyz[1, j] = fy
            xyz[2, j] = max(fy - lab_values[2, first + j] / F200, np.float32(0))
        for c in range(3):
            for j in range(width):
                root = xyz[c, j]
                line = (root - LAB_OFFSET) / LAB_SLOPE
                xyz[c, j] = root * root * root if root > LAB_ROOT_KNEE else line
        for c in range(3):
            from_x, from_y, from_z = matrix[c]
            for j in range(TILE):
                light = from_x * xyz[0, j] + from_y * xyz[1, j] + from_z * xyz[2, j]
                light = min(light, np.float32(1)) if light > 0 else np.float32(0)
                linear[j] = light
                cells[j] = np.int32(light * np.float32(LEVEL_CELLS))
            for j in range(width):
                level = levels[np.uint32(cells[j])]
                out[c, first + j] = level + (linear[j] >= thresholds[level])
