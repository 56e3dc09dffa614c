"""Soft targets: an ab value as a distribution over its nearest bins (paper, section 2.2, the mapping Z = H⁻¹(Y))."""

from dataclasses import dataclass
from numbers import Integral

import torch

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.ops.checks import require_ab, require_between, working_dtype
from colorlib.ops.grid import Grid
from colorlib.ops.neighbours import nearest_bins
from footprint import device_type

LEAST_SIGMA = 1e-3  # ab units; a narrower Gaussian is a step, and its exponents leave the range of floats
MOST_SIGMA = 1e6  # ab units; a wider Gaussian is uniform, and its square leaves the range of floats
MOST_COMPILED_NEIGHBOURS = 16  # larger k make long lists of candidates, for which plain torch is as good


@dataclass(frozen=True)
class SoftTarget:
    """A distribution over bins at every pixel, of which only K entries are not zero.

    Attributes:
        indices: N×K×H×W int64, the bins. From `soft_encode`: nearest first.
        weights: N×K×H×W, their probabilities; they sum to 1 over K. From `soft_encode`: descending.
        bins: Q of the grid the indices refer to, where known; a loss on logits of another Q is then refused.
    """

    indices: torch.Tensor
    weights: torch.Tensor
    bins: int | None = None

    def dense(self, q: int) -> torch.Tensor:
        """Return the same distribution as a dense N×q×H×W tensor; for inspection, losses do not need it.

        Raises:
            ColorlibError: if an index does not fit into q bins.
        """
        self.require_bins(q)
        n, _, h, w = self.indices.shape
        dense = self.weights.new_zeros((n, q, h, w))
        return dense.scatter_add_(1, self.indices, self.weights)

    def to(self, device: torch.device | str) -> "SoftTarget":
        """Return the same target on another device."""
        return SoftTarget(self.indices.to(device), self.weights.to(device), self.bins)

    def require_bins(self, q: int) -> None:
        """Raise a ColorlibError unless the target fits a grid of q bins."""
        if self.bins is not None and self.bins != q:
            raise ColorlibError(f"the soft target was encoded on {self.bins} bins, the logits have {q}: use one grid.")
        if self.bins is None and self.indices.numel() and int(self.indices.max()) >= q:
            raise ColorlibError(f"the soft target names bin {int(self.indices.max())} of only {q}: use one grid.")


def soft_encode(
    ab: torch.Tensor,
    grid: Grid,
    k: int = params.NEIGHBOURS.value,
    sigma: float = params.ENCODING_SIGMA.value,
) -> SoftTarget:
    """Encode ab values as distributions over their k nearest bins.

    w_i = exp(−d_i² / 2σ²) / Σ_j exp(−d_j² / 2σ²) over the k nearest, d being the distance in ab. Computed as a softmax
    of −d²/2σ², so that colours far from every bin keep their weights. Ties of distance go to the lowest bin index.

    Args:
        ab: N×2×H×W floating point, Lab units, from −10⁶ to 10⁶.
        grid: the bins.
        k: number of neighbours, 1..Q.
        sigma: width σ of the Gaussian in ab units, 0.001 to 10⁶.

    Returns:
        SoftTarget with K = k, nearest bin first; weights float64 for float64 input, otherwise float32.

    Raises:
        ColorlibError: for another shape, an integer dtype, NaN, or what lies outside its range: ab, k or σ.
    """
    require_ab(ab, "soft_encode: ab")
    require_between(sigma, LEAST_SIGMA, MOST_SIGMA, "soft_encode: sigma")
    if isinstance(k, bool) or not isinstance(k, Integral) or not 1 <= k <= len(grid):
        raise ColorlibError(
            f"soft_encode: k is {k!r}, expected 1 to {len(grid)}, the size of grid {grid.name!r}: pass a whole number."
        )
    if device_type(ab) == "cpu" and k <= MOST_COMPILED_NEIGHBOURS:
        from colorlib.ops import neighbours_kernels

        return SoftTarget(*neighbours_kernels.encode(ab, grid.points, k, sigma), len(grid))
    return eager_soft_encode(ab, grid, k, sigma)


def eager_soft_encode(ab: torch.Tensor, grid: Grid, k: int, sigma: float) -> SoftTarget:
    """Encode with torch operations only, on any device and for any k."""
    indices, scores = nearest_bins(ab, grid.points.to(ab.device), k)
    weights = torch.softmax((scores[:, :1] - scores) / (2 * sigma**2), dim=1)  # N×k×H×W
    return SoftTarget(indices.contiguous(), weights.to(working_dtype(ab)).contiguous(), len(grid))
