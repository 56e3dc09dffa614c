"""From a distribution over bins to one colour: the annealed mean (paper, section 2.3, eq. 5)."""

import torch

from colorlib import params
from colorlib.ops.blocks import pixel_blocks
from colorlib.ops.checks import require_at_least, require_floating, require_map, working_dtype
from colorlib.ops.grid import Grid
from footprint import device_type

LEAST_TEMPERATURE = 1e-6  # colder is the mode all the same, and 1 / T would leave the range of float32
# exp(−80) beside 1 is nothing in any precision; colder bins would be subnormal numbers, which the product takes four
# times as long for.
LEAST_EXPONENT = -80.0


def annealed_mean(logits: torch.Tensor, grid: Grid, temperature: float = params.TEMPERATURE.value) -> torch.Tensor:
    """Decode logits to ab as the mean of the sharpened distribution.

    f_T(z) = exp(log z / T) / Σ exp(log z / T), which of logits is softmax(logits / T); ab = Σ_q f_T(z)_q · p_q.
    T = 1 is the plain mean, T → 0 the mode. T belongs here and nowhere in training.

    Decode where the network predicts (stride 4) and upsample the two ab channels, not the Q channels of the logits.

    Args:
        logits: N×Q×H×W floating point (half precisions are computed in float32), at any stride. −∞ rules a bin out; a
            pixel with NaN or +∞, or without any bin, becomes NaN.
        grid: the bins of the logits.
        temperature: T ≥ 10⁻⁶; the paper's 0.38 by default.

    Returns:
        ab N×2×H×W in Lab units; float64 for float64 logits, otherwise float32. Differentiable.

    Raises:
        ColorlibError: for logits of another number of bins, an integer dtype, or T < 10⁻⁶.
    """
    require_map(logits, f"annealed_mean: logits for grid {grid.name!r}", len(grid))
    require_floating(logits, "annealed_mean: logits")
    require_at_least(temperature, LEAST_TEMPERATURE, "annealed_mean: temperature")
    n, _, h, w = logits.shape
    with torch.autocast(logits.device.type, enabled=False):
        if torch.is_grad_enabled() and logits.requires_grad:
            return _decode(logits.flatten(2), grid, temperature).reshape(n, 2, h, w)  # N×2×H×W
        if device_type(logits) == "cpu" and logits.dtype in (torch.float32, torch.bfloat16):
            from colorlib.ops import decoding_kernels

            return decoding_kernels.annealed_mean(logits, grid.points, temperature)
        ab = torch.empty((n, 2, h * w), dtype=working_dtype(logits), device=logits.device)
        flat = logits.flatten(2)  # N×Q×HW; of logits cut out of larger ones this is a copy, so it is made once
        for images, pixels in pixel_blocks(logits):
            ab[images, :, pixels] = _decode(flat[images, :, pixels], grid, temperature)
    return ab.reshape(n, 2, h, w)  # N×2×H×W


def _decode(logits: torch.Tensor, grid: Grid, temperature: float) -> torch.Tensor:
    z = logits.to(working_dtype(logits))  # n×Q×p
    sharpened = (z - z.amax(1, keepdim=True)).mul_(1 / temperature).clamp_(min=LEAST_EXPONENT).exp_()
    # One product gives the sum over bins of a, of b and of 1.
    weighted = torch.cat((grid.points, torch.ones(len(grid), 1)), dim=1).to(z).T @ sharpened  # n×3×p
    return weighted[:, :2] / weighted[:, 2:]  # n×2×p
