"""Rows of a photograph under predicted colours: L from the photograph, ab from a coarse map, inside the sRGB gamut."""

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from colorlib.ops.upsampling import upsample

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class AbMap:
    """Colours as a network gives them, and what part of the picture each of them speaks for.

    Attributes:
        values: 2×⌈height/stride⌉×⌈width/stride⌉ float32 on the CPU, Lab units; sample i lies on pixel stride·i.
        stride: pixels from one sample to the next, in the picture that the network saw.
        height: of the picture that the network saw, in pixels; any picture of the same scene may be coloured.
        width: likewise.
    """

    values: torch.Tensor
    stride: int
    height: int
    width: int

    def at(self, height: int, width: int) -> torch.Tensor:
        """The colours of every pixel of a picture of that size, 2×height×width: 8 bytes a pixel."""
        full = upsample(self.values[None], self.stride, self.height, self.width)  # (1, 2, h, w)
        if (height, width) == (self.height, self.width):
            return full[0]
        return F.interpolate(full, (height, width), mode="bilinear", align_corners=False)[0]  # (2, height, width)


class Composer:
    """Colours blocks of rows of one photograph of `height`×`width` pixels; CPU, in as many threads as torch uses.

    Args:
        colours: the map.
        height: of the photograph.
        width: of the photograph.
        blend: 0 is grey, 1 is the predicted colour.
    """

    def __init__(self, colours: AbMap, height: int, width: int, blend: float = 1.0) -> None:
        values = colours.values.numpy()
        samples_high, samples_wide = values.shape[1:]
        self._rows = _places(height, colours.height, colours.stride, samples_high)
        self._columns = _places(width, colours.width, colours.stride, samples_wide)
        # A map of one row or column has no next one to interpolate to.
        values = values.repeat(2, axis=1) if samples_high == 1 else values
        self._ab = np.ascontiguousarray(values.repeat(2, axis=2) if samples_wide == 1 else values)
        self._blend = np.float32(blend)

    def compose(self, pixels: Pixels, top: int) -> tuple[Pixels, int]:
        """Colour the rows that begin at row `top` of the photograph.

        Args:
            pixels: R×W×C uint8 or uint16 sRGB; C is 1 (grey), 3, or 4, whose last channel (alpha) is kept.
            top: the photograph's row that pixels[0] is.

        Returns:
            R×W×3 (or 4) of the same dtype with the L of `pixels`, and how many pixels lay outside the sRGB gamut: their
            chroma was reduced at constant L and hue.
        """
        from colorlib.ops import composition_kernels, lab_kernels  # numba takes a third of a second
        from colorlib.ops.compiled import for_each_range

        count, width, channels = pixels.shape
        out = np.empty((count, width, max(3, channels)), pixels.dtype)
        if channels == 4:
            out[..., 3] = pixels[..., 3]
        rows, shares = self._rows[0][top : top + count], self._rows[1][top : top + count]
        clamped = np.zeros(count, np.int64)
        work = partial(
            composition_kernels.compose_rows,
            pixels,
            out,
            _linear_light(256 if pixels.dtype == np.uint8 else 65536),
            lab_kernels.TO_XYZ[1],
            lab_kernels.TO_RGB,
            lab_kernels.THRESHOLDS,
            lab_kernels.LEVELS,
            self._ab,
            rows,
            shares,
            *self._columns,
            self._blend,
            clamped,
        )
        for_each_range(work, count, max(1, lab_kernels.SMALLEST_RANGE // max(1, width)))
        return out, int(clamped.sum())


@lru_cache(maxsize=64)
def _places(size: int, seen: int, stride: int, samples: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """For each pixel of an axis: the sample before it, and its share of the way to the next one.

    The same function as `AbMap.at`: bilinear in steps of the stride, then of the enlargement, whose knots are among the
    first one's. Beyond the first and last sample both repeat it.
    """
    pixels = (np.arange(size) + 0.5) * (seen / size) - 0.5  # of what the network saw
    position = np.clip(np.clip(pixels, 0, seen - 1) / stride, 0, samples - 1)
    before = np.clip(position.astype(np.int32), 0, max(samples - 2, 0))
    return before, (position - before).astype(np.float32)


@lru_cache(maxsize=2)
def _linear_light(levels: int) -> npt.NDArray[np.float32]:
    from colorlib.ops import lab_kernels

    return lab_kernels.linear_light(np.arange(levels) / (levels - 1)).astype(np.float32)
