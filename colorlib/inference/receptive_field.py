"""How far a network sees: measured, because what a trained network makes of its field's far end is its own affair."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

TOLERANCE = 0.05  # Lab units that ab of the probe may change; ab of trained networks on photographs then changes by 0.5
PROBE = HEIGHT, WIDTH = 96, 1280  # pixels of each of its pictures, whole numbers of a network's coarsest cells
SEED = 20160910
OCTAVES = 6


def measured_margin(predict: Callable[[Tensor], Tensor], stride: int, multiple: int) -> int:
    """The distance from a cut, in pixels, beyond which a network's ab is what it is without the cut.

    A probe with structure of all sizes is shown whole, and cut in the middle; the predictions are compared column by
    column. Both halves are looked at, because the network pads left and right alike but samples from the left.

    Args:
        predict: L N×1×H×W -> ab at the network's stride; in float32, for rounding differs from place to place.
        stride: of the network.
        multiple: that it pads its input to.

    Returns:
        Pixels, a multiple of `multiple`: the farthest column that differs by more than `TOLERANCE` in a or b, at most
        half the probe's width.
    """
    probe = probe_lightness()
    whole = predict(probe)
    middle = WIDTH // 2 // multiple * multiple
    left, right = predict(probe[..., :middle]), predict(probe[..., middle:])
    cut = middle // stride
    difference_left = (left - whole[..., :cut]).abs().amax((0, 1, 2)).flip(0)
    difference_right = (right - whole[..., cut:]).abs().amax((0, 1, 2))
    reach = max(_reach(difference_left), _reach(difference_right)) * stride
    return min(-(-reach // multiple) * multiple, middle)


def probe_lightness() -> Tensor:
    """L of a made-up scene, two pictures 1×H×W in [0, 100]: noise of six octaves, and the same with hard edges."""
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.zeros(1, 1, HEIGHT, WIDTH)
    for octave in range(OCTAVES):
        size = (HEIGHT >> octave, WIDTH >> octave)
        layer = torch.randn((1, 1, *size), generator=generator)
        noise += F.interpolate(layer, (HEIGHT, WIDTH), mode="bilinear", align_corners=False) * 2.0**octave
    soft = (50 + 25 * noise / noise.std()).clamp(0, 100)
    return torch.cat((soft, (soft / 25).round() * 25))  # (2, 1, H, W)


def _reach(difference: Tensor) -> int:
    beyond = torch.nonzero(difference > TOLERANCE)
    return int(beyond.max()) + 1 if len(beyond) else 0
