"""What a run is trained for: classification over ab bins (the paper), or regression of ab (its baseline)."""

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from colorlib import params
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.encoding import SoftTarget, soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.loss import pixel_weights, rebalanced_cross_entropy, require_class_weights

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

    Raises:
        ColorlibError: the weights are not Q finite numbers ≥ 0.
    """

    grid: Grid
    class_weights: Tensor | None = None
    k: int = params.NEIGHBOURS.value
    sigma: float = params.ENCODING_SIGMA.value
    temperature: float = params.TEMPERATURE.value

    def __post_init__(self) -> None:
        if self.class_weights is not None:
            require_class_weights(self.class_weights, len(self.grid), "Classification")

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        """Compare logits N×Q×h×w with ab N×2×h×w; grey images take no part."""
        soft = soft_encode(ab, self.grid, self.k, self.sigma)
        # A target without mass gives neither loss nor gradient, and the logits, Q floats a sample, need no copy.
        coloured = is_coloured(ab).view(-1, 1, 1, 1)  # (N, 1, 1, 1)
        target = SoftTarget(soft.indices, soft.weights * coloured, soft.bins)
        pixels = rebalanced_cross_entropy(output, target, reduction="none")  # (N, h, w)
        unweighted = pixels.sum() / len(ab)
        if self.class_weights is None:
            return Losses(unweighted, unweighted.detach())
        # Weighted here and not there: one pass over the logits gives both losses.
        v = pixel_weights(target, self.class_weights.to(output.device))  # (N, h, w)
        return Losses((v * pixels).sum() / len(ab), unweighted.detach())

    def decode(self, output: Tensor) -> Tensor:
        """Annealed mean of logits N×Q×h×w (eq. 5)."""
        return annealed_mean(output, self.grid, self.temperature)


@dataclass(frozen=True)
class Regression:
    """Euclidean loss ½ ‖ab − âb‖² (eq. 1), summed over pixels, divided by the batch size."""

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        """Compare ab N×2×h×w with ab N×2×h×w; grey images take no part."""
        coloured = is_coloured(ab).view(-1, 1, 1, 1)  # (N, 1, 1, 1)
        loss = 0.5 * ((output.float() - ab) * coloured).square().sum() / len(ab)
        return Losses(loss, loss.detach())

    def decode(self, output: Tensor) -> Tensor:
        """The output is ab already."""
        return output.float()


def is_coloured(ab: Tensor) -> Tensor:
    """Which of the images N×2×h×w have any |a| or |b| above 5 (the release masks the others): N bool."""
    return ab.abs().flatten(1).amax(1) > params.GREY_THRESHOLD.value  # (N,)
