"""Predicted colours put back under the photograph's own lightness, inside the sRGB gamut."""

import torch
from torch import Tensor

from colorlib.ops.chroma import into_gamut
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.upsampling import upsample


def recombine(lightness: Tensor, ab: Tensor, stride: int) -> Tensor:
    """Upsample `ab` to the size of `lightness` and convert both to sRGB; the lightness stays as it is, and the hue.

    Args:
        lightness: N×1×H×W, L in [0, 100].
        ab: N×2×⌈H/stride⌉×⌈W/stride⌉, Lab units, as a network of that stride gives it.
        stride: pixels from one ab sample to the next.

    Returns:
        N×3×H×W uint8.
    """
    full = upsample(ab, stride, *lightness.shape[-2:])  # (N, 2, H, W)
    return lab_to_rgb(into_gamut(torch.cat([lightness, full], dim=1)), as_uint8=True)


def grey(rgb: Tensor) -> Tensor:
    """What the network is given, as a picture: uint8 sRGB N×3×H×W -> the same with a and b at zero."""
    lightness = rgb_to_lab(rgb)[:, :1]
    return lab_to_rgb(torch.cat([lightness, torch.zeros_like(rgb[:, :2], dtype=torch.float32)], dim=1), as_uint8=True)
