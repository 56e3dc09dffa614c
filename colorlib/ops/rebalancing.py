"""Class rebalancing: rare colours weigh more in the loss (paper, section 2.2, eq. 4)."""

import math
from numbers import Real

import torch

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.ops.checks import require_between
from colorlib.ops.encoding import LEAST_SIGMA, MOST_SIGMA
from colorlib.ops.grid import Grid


def smooth_prior(counts: torch.Tensor, grid: Grid, sigma: float = params.SMOOTHING_SIGMA.value) -> torch.Tensor:
    """Return the smoothed empirical distribution p̃ of colours.

    p̃(q) ∝ Σ_r counts(r) · exp(−|q − r|² / 2σ²): a Gaussian over the two-dimensional ab plane, not the list of bins.

    Args:
        counts: Q counts of pixels per bin (any real dtype, ≥ 0).
        grid: the bins the counts belong to.
        sigma: width σ of the Gaussian in ab units, 0.001 to 10⁶.

    Returns:
        Q float64, all ≥ 0, summing to 1.

    Raises:
        ColorlibError: if there are not Q counts, if one is negative or not finite, if all are zero, or if σ is
            outside its range.
    """
    _require_distribution(counts, "smooth_prior: counts")
    require_between(sigma, LEAST_SIGMA, MOST_SIGMA, "smooth_prior: sigma")
    if len(counts) != len(grid):
        raise ColorlibError(
            f"smooth_prior: got {len(counts)} counts for the {len(grid)} bins of grid {grid.name!r}: "
            "count with the same grid's histogram."
        )
    points = grid.points_int.to(counts.device, torch.float64)
    squared = (points[:, None] - points[None]).square().sum(2)  # Q×Q
    gaussian = torch.exp(-squared / (2 * sigma**2))
    # No matrix product: MKL's takes its order from threads and addresses, and every run has to write the same prior.
    smoothed = (gaussian * (counts.double() / counts.double().sum())).sum(1)
    return smoothed / smoothed.sum()


def class_weights(prior: torch.Tensor, lam: float = params.UNIFORM_SHARE.value) -> torch.Tensor:
    """Return the weight of every bin in the loss.

    w ∝ ((1 − λ) p̃ + λ/Q)⁻¹, scaled so that Σ p̃ w = 1 (eq. 4).

    Args:
        prior: Q, the smoothed distribution p̃; sums to 1.
        lam: λ in [0, 1], the share of the uniform distribution; 1 switches rebalancing off, 0 is the pure inverse.

    Returns:
        Q float64, all > 0.

    Raises:
        ColorlibError: if the prior is negative or does not sum to 1, λ is outside [0, 1], or λ = 0 meets an empty bin.
    """
    _require_distribution(prior, "class_weights: prior")
    p = prior.double()
    if abs(float(p.sum()) - 1) > 1e-4:
        raise ColorlibError(
            f"class_weights: the prior sums to {float(p.sum()):g}, expected 1: pass the result of smooth_prior."
        )
    if not isinstance(lam, Real) or not 0 <= lam <= 1:
        raise ColorlibError(f"class_weights: lam is {lam!r}, expected 0 (pure inverse) to 1 (no rebalancing).")
    mixed = (1 - lam) * p + lam / len(p)
    if not bool((mixed > 0).all()):
        raise ColorlibError("class_weights: with lam = 0 a bin of prior 0 would weigh infinitely: take lam > 0.")
    weights = 1 / mixed
    return weights / (p * weights).sum()


def _require_distribution(values: torch.Tensor, name: str) -> None:
    if not isinstance(values, torch.Tensor) or values.ndim != 1:
        shape = tuple(values.shape) if isinstance(values, torch.Tensor) else type(values).__name__
        raise ColorlibError(f"{name} is {shape}, expected a one-dimensional tensor with one number per bin.")
    as_float = values.double()
    total = float(as_float.sum())
    if not math.isfinite(total) or total <= 0 or bool((as_float < 0).any()):
        raise ColorlibError(f"{name} must be finite, not negative, and not all zero: count some pixels first.")
