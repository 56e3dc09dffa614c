"""Colours that no screen shows lose chroma, and only chroma, until one does; torch operations only, on any device."""

import torch

from colorlib.ops.checks import require_floating, require_map, working_dtype
from colorlib.ops.lab import linear_light

# How far outside [0, 1] linear light may lie and still be called inside: the published constants are rounded, so that
# even greys miss each other by about so much. It is a tenth of an 8-bit level where it is seen most.
BELOW, ABOVE = -3e-5, 1 + 3e-4
HALVINGS = 10  # of the factor on chroma: it ends within 1/1024 of the border


def into_gamut(lab: torch.Tensor) -> torch.Tensor:
    """Bring colours into the sRGB gamut at constant L and hue: of those outside, a and b are scaled down alike.

    The largest factor that gives a colour is found by halving, as `composition` does for photographs in compiled loops.

    Args:
        lab: N×3×H×W floating point, L in [0, 100], a and b in Lab units.

    Returns:
        N×3×H×W, float64 for float64 input, otherwise float32; what lay inside is as it was.

    Raises:
        ColorlibError: for another shape or an integer dtype.
    """
    require_map(lab, "into_gamut: lab", 3)
    require_floating(lab, "into_gamut: lab")
    result = lab.to(working_dtype(lab), copy=True)
    beyond = _outside(result)  # N×H×W
    colours = result.movedim(1, -1)[beyond].T[None, :, :, None]  # 1×3×P×1
    inside, outside = torch.zeros_like(colours[:, 0]), torch.ones_like(colours[:, 0])  # 1×P×1
    for _ in range(HALVINGS):
        factor = (inside + outside) / 2
        still = _outside(_scaled(colours, factor))
        inside, outside = torch.where(still, inside, factor), torch.where(still, factor, outside)
    result.movedim(1, -1)[beyond] = _scaled(colours, inside)[0, :, :, 0].T  # P×3
    return result


def _outside(lab: torch.Tensor) -> torch.Tensor:
    light = linear_light(lab)
    return ((light < BELOW) | (light > ABOVE)).any(1)


def _scaled(lab: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """The same L, and `factor` (N×H×W) times the chroma."""
    return torch.cat((lab[:, :1], lab[:, 1:] * factor[:, None]), dim=1)
