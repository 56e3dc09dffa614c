"""The bins: the ab plane cut into points 10 units apart (paper, section 2.2)."""

import hashlib
from functools import cached_property, lru_cache

import torch

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.ops import gamut
from colorlib.ops.checks import require_ab
from colorlib.ops.neighbours import nearest_bins

STEP = params.GRID_STEP.value
LOWEST, HIGHEST = -110, 100  # the range of a and of b in the full grid
HULL_SAMPLING = 17  # distance of the RGB levels the hull is drawn around; 51 and finer give the same bins

RULES = {
    "paper": (
        f"every multiple-of-{STEP} point of the ab plane whose closed ±{STEP} square meets the convex hull of the ab "
        "values of all sRGB colours (D65, 2°)"
    ),
    "full": f"every multiple-of-{STEP} point with a and b from {LOWEST} to {HIGHEST}, whether or not a colour is near",
}

BINS = {"paper": params.BINS.value, "full": ((HIGHEST - LOWEST) // STEP + 1) ** 2}


def bins_of(name: str) -> int:
    """Return how many bins the grid called `name` has, without computing it.

    Raises:
        ColorlibError: for any name but "paper" and "full".
    """
    if name not in tuple(BINS):
        raise ColorlibError(f"there is no grid named {name!r}: use 'paper' (313 bins) or 'full' (484 bins).")
    return BINS[name]


class Grid:
    """An ordered set of bins in the ab plane. Immutable; take one from `paper()`, `full()` or `by_name()`.

    Attributes:
        name: "paper" or "full".
        rule: one sentence that says which points belong to the grid.
    """

    def __init__(self, name: str, rule: str, points: torch.Tensor) -> None:
        self.name = name
        self.rule = rule
        self._points_int = points.to(torch.int64, copy=True)
        self._points = self._points_int.float()

    @staticmethod
    @lru_cache(maxsize=1)
    def paper() -> "Grid":
        """Return the paper's 313 bins, computed from their rule, in the official order."""
        candidates = _lattice(-150, 150)
        hull = gamut.convex_hull(gamut.surface_ab(HULL_SAMPLING))
        return Grid("paper", RULES["paper"], candidates[gamut.squares_meeting(hull, candidates, STEP)])

    @staticmethod
    @lru_cache(maxsize=1)
    def full() -> "Grid":
        """Return all 484 points of the square from −110 to 100; 223 of them are the nearest bin of no 8-bit colour."""
        return Grid("full", RULES["full"], _lattice(LOWEST, HIGHEST))

    @staticmethod
    def by_name(name: str) -> "Grid":
        """Return the grid called `name`.

        Raises:
            ColorlibError: for any name but "paper" and "full".
        """
        bins_of(name)
        return Grid.paper() if name == "paper" else Grid.full()

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return f"Grid({self.name!r}, {len(self)} bins)"

    @property
    def points(self) -> torch.Tensor:
        """Q×2 float32, the (a, b) of every bin in Lab units, a ascending, then b; the caller's own."""
        return self._points.clone()

    @property
    def points_int(self) -> torch.Tensor:
        """The same points as int64."""
        return self._points_int.clone()

    @cached_property
    def sha256(self) -> str:
        """Hash of the points as little-endian int64 in C order."""
        return hashlib.sha256(self._points_int.numpy().astype("<i8").tobytes()).hexdigest()

    @property
    def reachable(self) -> torch.Tensor:
        """Q bool: whether the bin is the nearest one of some 8-bit sRGB colour; the caller's own."""
        return self._reachable.clone()

    @cached_property
    def _reachable(self) -> torch.Tensor:
        ab = gamut.surface_ab().float()  # P×2
        return self.histogram(ab.T[None, :, :, None]) > 0

    def describe(self) -> str:
        """Explain the grid to a person: its rule, its size, how many of its bins a colour can reach."""
        q, reachable = len(self), int(self.reachable.sum())
        low, high = self.points_int.amin(0).tolist(), self.points_int.amax(0).tolist()
        return (
            f"Grid {self.name!r}: {q} bins.\n"
            f"Rule: {self.rule}.\n"
            f"Order: a ascending, then b. Range: a from {low[0]} to {high[0]}, b from {low[1]} to {high[1]}.\n"
            f"Reachable: {reachable} bins are the nearest of some 8-bit sRGB colour. The other {q - reachable} get\n"
            f"probability only as neighbours of those, or none.\n"
            f"sha256 of the points (little-endian int64): {self.sha256}"
        )

    def nearest(self, ab: torch.Tensor) -> torch.Tensor:
        """Return the index of every pixel's nearest bin; ties go to the lowest index.

        Args:
            ab: N×2×H×W floating point, Lab units, from −10⁶ to 10⁶.

        Returns:
            N×H×W int64 in 0..Q−1.

        Raises:
            ColorlibError: for another shape, an integer dtype, NaN, infinity or values outside the range.
        """
        require_ab(ab, "Grid.nearest: ab")
        if ab.device.type == "cpu":
            from colorlib.ops import neighbours_kernels

            return neighbours_kernels.nearest(ab, self._points)
        indices, _ = nearest_bins(ab, self._points.to(ab.device), 1)
        return indices[:, 0]

    def histogram(self, ab: torch.Tensor) -> torch.Tensor:
        """Count how many pixels have each bin as their nearest.

        Args:
            ab: N×2×H×W floating point, Lab units.

        Returns:
            Q int64 counts, which sum to N·H·W.

        Raises:
            ColorlibError: as `nearest`.
        """
        require_ab(ab, "Grid.histogram: ab")
        if ab.device.type == "cpu":
            from colorlib.ops import neighbours_kernels

            return neighbours_kernels.histogram(ab, self._points)
        return torch.bincount(self.nearest(ab).flatten(), minlength=len(self))


def _lattice(low: int, high: int) -> torch.Tensor:
    axis = torch.arange(low, high + 1, STEP)
    return torch.cartesian_prod(axis, axis)  # M×2
