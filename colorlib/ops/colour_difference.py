"""CIEDE2000, the colour difference that follows the eye: about 1 is just visible side by side.

Source: CIE 142-2001; the formula's branches as in Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula:
Implementation notes, supplementary test data, and mathematical observations" (2005).
"""

import math

import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.ops.checks import require_floating, require_map

POWER = 25.0**7


def delta_e_2000(lab: Tensor, other: Tensor) -> Tensor:
    """The difference ΔE₀₀ of every pixel, with k_L = k_C = k_H = 1; symmetric, 0 for equal colours.

    Shape:
        lab, other: N×3×H×W in Lab units (D65), floating point. Returns N×H×W, float64.

    Raises:
        ColorlibError: other or unequal shapes, or an integer dtype.
    """
    for values in (lab, other):
        require_map(values, "delta_e_2000: lab", 3)
        require_floating(values, "delta_e_2000: lab")
    if lab.shape != other.shape:
        raise ColorlibError(
            f"delta_e_2000: {tuple(lab.shape)} beside {tuple(other.shape)}, expected equal shapes: resize one of them."
        )
    (l1, a1, b1), (l2, a2, b2) = (values.double().unbind(1) for values in (lab, other))  # N×H×W each
    mean_chroma = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    # a is stretched near grey, where the eye is finest.
    stretch = 1 + 0.5 * (1 - _seventh(mean_chroma))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    h1, h2 = (torch.atan2(b, a) % (2 * math.pi) for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0  # no hue to differ in
    turn = h2 - h1
    turn = turn - 2 * math.pi * torch.round(turn / (2 * math.pi))  # the shorter way round
    turn = torch.where(grey, 0.0, turn)
    apart = (h1 - h2).abs() > math.pi
    half = (h1 + h2) / 2
    mean_hue = torch.where(apart, torch.where(half < math.pi, half + math.pi, half - math.pi), half)
    mean_hue = torch.where(grey, h1 + h2, mean_hue)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * torch.cos(mean_hue - math.radians(30))
        + 0.24 * torch.cos(2 * mean_hue)
        + 0.32 * torch.cos(3 * mean_hue + math.radians(6))
        - 0.20 * torch.cos(4 * mean_hue - math.radians(63))
    )
    away = (lightness - 50).square()
    s_l = 1 + 0.015 * away / (20 + away).sqrt()
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    blue = math.radians(30) * torch.exp(-((torch.rad2deg(mean_hue) - 275) / 25).square())
    rotation = -2 * _seventh(chroma) * torch.sin(2 * blue)
    d_l, d_c = (l2 - l1) / s_l, (c2 - c1) / s_c
    d_h = 2 * (c1 * c2).sqrt() * torch.sin(turn / 2) / s_h
    return (d_l.square() + d_c.square() + d_h.square() + rotation * d_c * d_h).clamp_min(0).sqrt()


def _seventh(chroma: Tensor) -> Tensor:
    """√(C⁷ / (C⁷ + 25⁷)), near 0 for greys and near 1 for vivid colours."""
    power = chroma**7
    return (power / (power + POWER)).sqrt()
