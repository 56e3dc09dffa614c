"""What a run is trained for: classification over ab bins (the paper), or regression of ab (its baseline)."""

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from colorlib import params
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.loss import rebalanced_cross_entropy

Kind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Losses:
    """Both scalars are sums over pixels divided by the batch size.

    Attributes:
        objective: what is minimised.
        unweighted: the same without class weights; equal where there are none.
    """

    objective: Tensor
    unweighted: Tensor


class Objective(Protocol):
    """Turns a network's output into a loss, and into colours."""

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        """Compare `output` (N×C×h×w, at stride 4) with the truth `ab` (N×2×h×w, Lab units)."""
        ...

    def decode(self, output: Tensor) -> Tensor:
        """The ab map that `output` stands for, N×2×h×w, Lab units."""
        ...


@dataclass(frozen=True)
class Classification:
    """Soft cross-entropy over the bins of a grid (eq. 2), rebalanced where there are class weights (eq. 3, 4).

    Attributes:
        grid: the bins.
        class_weights: Q weights with Σ prior · weight = 1, or None for no rebalancing.
        k: neighbours of the soft encoding.
        sigma: width of the soft encoding in ab units.
        temperature: of the annealed mean (eq. 5); used in decoding only.
    """

    grid: Grid
    class_weights: Tensor | None = None
    k: int = params.NEIGHBOURS.value
    sigma: float = params.ENCODING_SIGMA.value
    temperature: float = params.TEMPERATURE.value

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        """Compare logits N×Q×h×w with ab N×2×h×w; grey images take no part."""
        images = len(ab)
        coloured = is_coloured(ab)
        output, ab = output[coloured], ab[coloured]
        if len(ab) == 0:
            nothing = output.sum() * 0.0
            return Losses(nothing, nothing.detach())
        target = soft_encode(ab, self.grid, self.k, self.sigma)
        share = len(ab) / images
        weights = None if self.class_weights is None else self.class_weights.to(output.device)
        weighted = rebalanced_cross_entropy(output, target, weights) * share
        if weights is None:
            return Losses(weighted, weighted.detach())
        with torch.no_grad():
            unweighted = rebalanced_cross_entropy(output, target) * share
        return Losses(weighted, unweighted)

    def decode(self, output: Tensor) -> Tensor:
        """Annealed mean of logits N×Q×h×w (eq. 5)."""
        return annealed_mean(output, self.grid, self.temperature)


@dataclass(frozen=True)
class Regression:
    """Euclidean loss ½ ‖ab − âb‖² (eq. 1), summed over pixels, divided by the batch size."""

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        """Compare ab N×2×h×w with ab N×2×h×w; grey images take no part."""
        coloured = is_coloured(ab)
        loss = 0.5 * (output[coloured].float() - ab[coloured]).square().sum() / len(ab)
        return Losses(loss, loss.detach())

    def decode(self, output: Tensor) -> Tensor:
        """The output is ab already."""
        return output.float()


def is_coloured(ab: Tensor) -> Tensor:
    """Which of the images N×2×h×w have any |a| or |b| above 5 (the release masks the others): N bool."""
    return ab.abs().flatten(1).amax(1) > params.GREY_THRESHOLD.value  # (N,)
