"""sRGB to CIE Lab as the standards define it: what an implementation's own conversion is compared with.

IEC 61966-2-1 (transfer function, primaries), CIE 1976 L*a*b*, white D65, 2° observer.
"""

import itertools

import numpy as np

from audit.papers.probe import Array

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
KNEE = 216 / 24389
SLOPE = 841 / 108


def lab(rgb: Array) -> Array:
    """…×3 sRGB in 0..255 -> …×3 Lab, float64."""
    srgb = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)
    relative = linear @ (TO_XYZ / TO_XYZ.sum(1, keepdims=True)).T  # …×3, white at 1
    root = np.where(relative > KNEE, np.cbrt(relative), SLOPE * relative + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def surface(step: int = 1) -> Array:
    """8-bit colours on the surface of the RGB cube, P×3: every ab value that a screen shows lies on a curve to it."""
    levels = np.arange(0, 256, step)
    first, second = (values.ravel() for values in np.meshgrid(levels, levels, indexing="ij"))
    faces = []
    for channel, end in itertools.product(range(3), (0, 255)):
        sides = [first, second]
        sides.insert(channel, np.full_like(first, end))
        faces.append(np.stack(sides, axis=1))  # P×3
    return np.concatenate(faces)


def colours() -> Array:
    """8-bit colours to compare conversions with: 6³ over the whole cube and all 256 greys, P×3 uint8."""
    levels = np.arange(0, 256, 51)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)  # 216×3
    greys = np.repeat(np.arange(256)[:, None], 3, axis=1)  # 256×3
    return np.concatenate((cube, greys)).astype(np.uint8)
