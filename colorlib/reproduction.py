"""Where each part of the paper lives in this library: the adapter that an audit by measurement is pointed at.

NumPy arrays in and out. `library()` uses the library as a user does, by its defaults, so that a wrong default is seen;
`pipeline()` uses it with what `params.yaml` says.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from colorlib.errors import ColorlibError
from colorlib.models import ColorNet, PaperNet, registry
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.loss import rebalanced_cross_entropy
from colorlib.ops.rebalancing import class_weights, smooth_prior
from colorlib.pipeline.settings import load_settings
from colorlib.training.objective import Classification
from colorlib.training.optimiser import build_optimiser
from colorlib.training.schedule import learning_rate
from colorlib.training.settings import OptimiserSettings, ScheduleSettings, TrainingSettings
from colorlib.training.trainer import network_pair

Array = NDArray[Any]

STEPS = 450_000  # iterations of the run whose learning rates are asked for


class Coarse(torch.nn.Module):
    """A network as it is trained: the logits at its own stride are its output."""

    def __init__(self, network: ColorNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        """N×1×H×W lightness -> N×Q×h×w."""
        return self.network.logits(lightness)


class Reproduction:
    """The paper as this library implements it. An override is passed on; without one the library's default counts.

    Args:
        grid: name of the grid, "paper" where None.
        k: neighbours of the soft encoding.
        sigma: width of the soft encoding in ab units.
        smoothing_sigma: width of the prior's smoothing in ab units.
        lam: share of the uniform distribution in the class weights.
        temperature: of the annealed mean.
        optimiser: settings of the optimiser.
        schedule: settings of the learning rate over the run.
        loss_scale: "batch" or "mean", what the trainer divides the loss by.
        model: name of the network, "papernet" where None.
    """

    def __init__(
        self,
        *,
        grid: str | None = None,
        k: int | None = None,
        sigma: float | None = None,
        smoothing_sigma: float | None = None,
        lam: float | None = None,
        temperature: float | None = None,
        optimiser: OptimiserSettings | None = None,
        schedule: ScheduleSettings | None = None,
        loss_scale: str | None = None,
        model: str | None = None,
    ) -> None:
        self.grid = Grid.paper() if grid is None else Grid.by_name(grid)
        self.named_grid = grid
        self.encoding = given(k=k, sigma=sigma)
        self.smoothing = given(sigma=smoothing_sigma)
        self.weighting = given(lam=lam)
        self.decoding = given(temperature=temperature)
        self.optimiser = optimiser
        self.schedule = schedule
        self.loss_scale = loss_scale or TrainingSettings().loss_scale
        self.model = model

    @cached_property
    def trained(self) -> ColorNet:
        """The network with random weights, in evaluation mode; made when it is first asked for."""
        bins = given(q=None if self.named_grid is None else len(self.grid))
        network = PaperNet(**bins) if self.model is None else registry.build(self.model, **bins)
        return network.eval()

    def network(self) -> torch.nn.Module:
        """The network as a module from lightness to logits at its own stride."""
        return Coarse(self.trained)

    def rgb_to_lab(self, rgb: Array) -> Array:
        """M×3 uint8 sRGB -> M×3 Lab."""
        return as_rows(rgb_to_lab(as_map(rgb)))

    def training_pair(self, rgb: Array) -> tuple[Array, Array]:
        """N×3×H×W uint8 sRGB -> the network's input N×1×H×W and the targets ab N×2×H/4×W/4."""
        lightness, ab = network_pair(torch.from_numpy(rgb), self.trained.stride)
        return lightness.numpy(), ab.numpy()

    def bins(self) -> Array:
        """Q×2 int64: the (a, b) of every bin."""
        return self.grid.points_int.numpy()

    def encode(self, ab: Array) -> Array:
        """M×2 colours -> M×Q soft targets."""
        target = soft_encode(as_map(ab), self.grid, **self.encoding)
        return as_rows(target.dense(len(self.grid)))

    def smooth_prior(self, counts: Array) -> Array:
        """Q counts -> Q, the smoothed prior."""
        return smooth_prior(torch.from_numpy(counts), self.grid, **self.smoothing).numpy()

    def class_weights(self, prior: Array) -> Array:
        """Q probabilities -> Q weights."""
        return class_weights(torch.from_numpy(prior), **self.weighting).numpy()

    def decode(self, logits: Array) -> Array:
        """M×Q logits -> M×2 colours."""
        # In single precision, as predictions are: other code runs then than for float64.
        return as_rows(annealed_mean(as_map(logits).float(), self.grid, **self.decoding))

    def loss_gradient(self, logits: Array, ab: Array, weights: Array) -> Array:
        """Gradient of the loss of one image of M pixels by its logits, M×Q."""
        z = as_map(logits).requires_grad_()
        target = soft_encode(as_map(ab), self.grid, **self.encoding)
        loss = rebalanced_cross_entropy(z, target, torch.from_numpy(weights))
        return as_rows(torch.autograd.grad(loss / self.divisor(z), z)[0])

    def batch_gradient(self, logits: Array, ab: Array, weights: Array) -> Array:
        """Gradient of a batch's loss by its logits, N×Q×h×w, as training has it: without grey images."""
        z = torch.from_numpy(logits.copy()).requires_grad_()
        objective = Classification(self.grid, torch.from_numpy(weights), **self.encoding)
        loss = objective.losses(z, torch.from_numpy(ab)).objective
        return torch.autograd.grad(loss / self.divisor(z), z)[0].numpy()

    def divisor(self, logits: torch.Tensor) -> int:
        """What the trainer divides the loss by beside the batch: 1, or the pixels of an image N×Q×h×w."""
        return 1 if self.loss_scale == "batch" else logits.shape[2] * logits.shape[3]

    def rate_at(self, step: int) -> float:
        """The learning rate of step `step` of a run as long as the paper's."""
        peak = (self.optimiser or OptimiserSettings()).learning_rate
        return learning_rate(step, STEPS, peak, self.schedule or ScheduleSettings())

    def optimiser_path(self, initial: Array, gradients: Sequence[Array]) -> list[Array]:
        """P parameters after each step of a fresh optimiser."""
        parameter = torch.nn.Parameter(torch.from_numpy(initial.copy()))
        optimiser = build_optimiser([parameter], self.optimiser)
        path = []
        for gradient in gradients:
            parameter.grad = torch.from_numpy(gradient.copy())
            optimiser.step()
            path.append(parameter.detach().numpy().copy())
        return path

    def logits(self, lightness: Array) -> Array:
        """N×1×H×W lightness -> N×Q×H/4×W/4."""
        with torch.inference_mode():
            return np.asarray(self.trained.logits(torch.from_numpy(lightness)))

    def output(self, lightness: Array) -> Array:
        """N×1×H×W lightness -> N×Q×H×W."""
        with torch.inference_mode():
            return np.asarray(self.trained(torch.from_numpy(lightness)))

    def parameter_count(self) -> int:
        """Trained numbers in the network."""
        return sum(parameter.numel() for parameter in self.trained.parameters())


def library() -> Reproduction:
    """The library as it comes."""
    return Reproduction()


def pipeline() -> Reproduction:
    """The library as the main run of `params.yaml` in the current directory uses it.

    Raises:
        ColorlibError: `params.yaml` is wrong, or its main run is a regression, which has no bins to measure.
    """
    settings = load_settings()
    main = settings.run(settings.main)
    if main.objective != "classification":
        raise ColorlibError(f"params.yaml: main is {settings.main}, a regression; name a classification run")
    return Reproduction(
        grid=main.grid,
        k=settings.encoding.k,
        sigma=settings.encoding.sigma,
        smoothing_sigma=settings.rebalancing.sigma,
        lam=settings.rebalancing.lam if main.rebalancing else 1.0,  # λ = 1: all weights are 1
        temperature=settings.decoding.temperature,
        optimiser=settings.train.optimiser,
        schedule=settings.train.schedule,
        loss_scale=settings.train.loss_scale,
        model=settings.train.model,
    )


def given(**options: float | None) -> dict[str, Any]:
    """Only the options that were given, so that a default stays the library's own."""
    return {name: value for name, value in options.items() if value is not None}


def as_map(rows: Array) -> torch.Tensor:
    """M×C -> 1×C×M×1, the pixels of one image."""
    return torch.from_numpy(np.ascontiguousarray(rows.T))[None, :, :, None].clone()  # 1×C×M×1


def as_rows(values: torch.Tensor) -> Array:
    """1×C×M×1 -> M×C."""
    return values.detach()[0, :, :, 0].T.numpy()  # M×C
