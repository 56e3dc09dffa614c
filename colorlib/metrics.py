"""How good a colorization is: AuC, rebalanced AuC, PSNR, and how colourful it is.

AuC (paper, section 3.1) is the area under the curve "share of pixels whose ab error is at most t", t from 0 to 150 ab
units, divided by 150. With d the Euclidean distance of predicted and true ab of a pixel, that is exactly
AuC = 1 − E[min(d, 150)] / 150, the expectation running over all pixels of the whole data set.

Rebalanced AuC weighs every pixel by 1/p̃ of the bin nearest to its true ab, and divides by the sum of these weights.
"""

import torch

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.ops.checks import require_floating, require_map, require_tensor, require_unit_range
from colorlib.ops.grid import Grid

LIMIT = params.AUC_LIMIT.value


class AucAccumulator:
    """AuC of a data set, image by image or batch by batch. Holds [Σ weight, Σ weight · min(d, 150)] in float64.

    Args:
        prior: smoothed prior p̃ (Q), to weigh pixels by 1/p̃ of their true bin; None for plain AuC.
        grid: the bins of the prior; required with it.
    """

    def __init__(self, prior: torch.Tensor | None = None, grid: Grid | None = None) -> None:
        self._grid = grid
        self._bin_weights: torch.Tensor | None = None
        self.sums = torch.zeros(2, dtype=torch.float64)
        if prior is None:
            return
        require_tensor(prior, "rebalanced AuC: prior", "(Q,)")
        if grid is None or tuple(prior.shape) != (len(grid),):
            size = "no grid" if grid is None else f"the {len(grid)} bins of grid {grid.name!r}"
            raise ColorlibError(f"rebalanced AuC: prior of shape {tuple(prior.shape)} for {size}: pass both.")
        if not bool((prior > 0).all()):
            raise ColorlibError("rebalanced AuC: the prior has empty bins, 1/p̃ is infinite there: smooth it first.")
        self._bin_weights = 1 / prior.double().cpu()

    def update(self, ab_pred: torch.Tensor, ab_true: torch.Tensor) -> None:
        """Add the pixels of a batch, N×2×H×W each, in Lab units."""
        error = _ab_error(ab_pred, ab_true).clamp_max(LIMIT)  # N×H×W
        weight = torch.ones_like(error)
        if self._bin_weights is not None and self._grid is not None:
            weight = self._bin_weights.to(error.device)[self._grid.nearest(ab_true)]
        self.sums += torch.stack((weight.sum(), (weight * error).sum())).cpu()

    def compute(self) -> float:
        """Return the AuC in [0, 1] of everything added so far; 1 is perfect.

        Raises:
            ColorlibError: if nothing was added.
        """
        return auc_of_sums(self.sums)


def auc_of_sums(sums: torch.Tensor) -> float:
    """Return the AuC in [0, 1] of [Σ weight, Σ weight · min(d, 150)], as accumulators hold them; such sums add up.

    Raises:
        ColorlibError: there is no weight.
    """
    total, weighted = sums.tolist()
    if total == 0:
        raise ColorlibError("AuC of no pixels is undefined: update the accumulator first.")
    return float(1 - weighted / total / LIMIT)


def auc(ab_pred: torch.Tensor, ab_true: torch.Tensor) -> float:
    """Return AuC = 1 − E[min(d, 150)] / 150 in [0, 1] over all pixels of two N×2×H×W maps (Lab units)."""
    accumulator = AucAccumulator()
    accumulator.update(ab_pred, ab_true)
    return accumulator.compute()


def rebalanced_auc(ab_pred: torch.Tensor, ab_true: torch.Tensor, prior: torch.Tensor, grid: Grid) -> float:
    """Return AuC with pixels weighted by 1/p̃ of the true bin; arguments as `auc` and `AucAccumulator`."""
    accumulator = AucAccumulator(prior, grid)
    accumulator.update(ab_pred, ab_true)
    return accumulator.compute()


def psnr(rgb_pred: torch.Tensor, rgb_true: torch.Tensor) -> float:
    """Return the peak signal-to-noise ratio in dB of N×3×H×W images in [0, 1], from one mean square error over all.

    Raises:
        ColorlibError: for another or unequal shapes, an integer dtype, or values outside [0, 1].
    """
    from torchmetrics.functional.image import peak_signal_noise_ratio

    _require_pair(rgb_pred, rgb_true, "psnr: rgb", 3)
    require_unit_range(rgb_pred, "psnr: rgb (prediction)")
    require_unit_range(rgb_true, "psnr: rgb (truth)")
    return float(peak_signal_noise_ratio(rgb_pred.float(), rgb_true.float(), data_range=1.0))


def chroma(ab: torch.Tensor) -> float:
    """Return the mean chroma √(a² + b²) of N×2×H×W maps, in Lab units; 0 is grey."""
    require_map(ab, "chroma: ab", 2)
    require_floating(ab, "chroma: ab")
    return float(torch.linalg.vector_norm(ab.double(), dim=1).mean())


def colorfulness(rgb: torch.Tensor) -> float:
    """Return the mean colourfulness of N×3×H×W images in [0, 1], on the 0–255 scale of its inventors.

    M = √(σ_rg² + σ_yb²) + 0.3 √(μ_rg² + μ_yb²) with rg = R − G, yb = (R + G)/2 − B, per image (Hasler and Süsstrunk,
    "Measuring colourfulness in natural images", 2003). 0 is grey, 15 slightly, 59 quite, 109 extremely colourful.

    Raises:
        ColorlibError: for another shape, an integer dtype, or values outside [0, 1].
    """
    require_map(rgb, "colorfulness: rgb", 3)
    require_floating(rgb, "colorfulness: rgb")
    require_unit_range(rgb, "colorfulness: rgb")
    red, green, blue = (rgb.double() * 255).flatten(2).unbind(1)  # N×HW each
    opponents = torch.stack((red - green, (red + green) / 2 - blue), dim=2)  # N×HW×2
    spread = opponents.var(dim=1, correction=0).sum(1).sqrt()  # N
    offset = opponents.mean(dim=1).square().sum(1).sqrt()  # N
    return float((spread + 0.3 * offset).mean())


def _ab_error(ab_pred: torch.Tensor, ab_true: torch.Tensor) -> torch.Tensor:
    _require_pair(ab_pred, ab_true, "auc: ab", 2)
    error: torch.Tensor = torch.linalg.vector_norm(ab_pred.double() - ab_true.double(), dim=1)  # N×H×W
    return error


def _require_pair(pred: torch.Tensor, true: torch.Tensor, name: str, channels: int) -> None:
    for tensor, side in ((pred, "prediction"), (true, "truth")):
        require_map(tensor, f"{name} ({side})", channels)
        require_floating(tensor, f"{name} ({side})")
    if pred.shape != true.shape:
        raise ColorlibError(
            f"{name}: prediction {tuple(pred.shape)} and truth {tuple(true.shape)} differ in shape: "
            "upsample the prediction."
        )
