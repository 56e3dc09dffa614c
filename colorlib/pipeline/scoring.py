"""A predictor tried on a few images of the test split: the piece of work of `evaluate`."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from colorlib.inference import Colorizer
from colorlib.inference.recombine import recombine
from colorlib.metrics import AucAccumulator, auc_of_sums, chroma, colorfulness
from colorlib.models.pretrained import WEIGHTS
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.upsampling import upsample
from colorlib.pipeline.rows import Rows

Predictor = Path | tuple[float, float]  # the folder of a saved model, or one (a, b) for all pixels, Lab units


@dataclass(frozen=True)
class Task:
    """A predictor and the images to try it on.

    Attributes:
        predictor: what is tried.
        rows: the images.
        prior: smoothed prior on the paper's grid, for the rebalanced AuC.
    """

    predictor: Predictor
    rows: Rows
    prior: Tensor


@dataclass(frozen=True)
class Scores:
    """Sums over images.

    Attributes:
        auc: Σ weight and Σ weight · min(d, 150) over pixels, as `metrics.AucAccumulator` holds them.
        rebalanced_auc: the same with 1/p̃ as weight.
        squared_error: of sRGB in [0, 1], over all values.
        values: how many there are.
        chroma: sum over images of the mean chroma, Lab units.
        colorfulness: sum over images.
    """

    auc: Tensor
    rebalanced_auc: Tensor
    squared_error: float
    values: int
    chroma: float
    colorfulness: float

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(
            self.auc + other.auc,
            self.rebalanced_auc + other.rebalanced_auc,
            self.squared_error + other.squared_error,
            self.values + other.values,
            self.chroma + other.chroma,
            self.colorfulness + other.colorfulness,
        )

    def figures(self, images: int) -> dict[str, float]:
        """The metrics that the sums over so many images come to."""
        return {
            "auc": auc_of_sums(self.auc),
            "rebalanced_auc": auc_of_sums(self.rebalanced_auc),
            "psnr": -10 * math.log10(self.squared_error / self.values),
            "chroma": self.chroma / images,
            "colorfulness": self.colorfulness / images,
        }


@dataclass(frozen=True)
class Truth:
    """What the images themselves are like.

    Attributes:
        counts: pixels that have each of the paper's bins as their nearest, Q int64.
        chroma: sum over images of the mean chroma, Lab units.
        colorfulness: sum over images.
    """

    counts: Tensor
    chroma: float
    colorfulness: float

    def __add__(self, other: "Truth") -> "Truth":
        return Truth(self.counts + other.counts, self.chroma + other.chroma, self.colorfulness + other.colorfulness)


def look(rows: Rows) -> Truth:
    """Count the bins, and measure how colourful the images are."""
    rgb = rows.tensor()
    ab = rgb_to_lab(rgb)[:, 1:]
    return Truth(Grid.paper().histogram(ab), chroma(ab) * len(rgb), colorfulness(rgb / 255) * len(rgb))


def score(task: Task) -> Scores:
    """Predict, upsample, recombine and compare."""
    rgb = task.rows.tensor()
    lab = rgb_to_lab(rgb)
    lightness, ab = lab[:, :1], lab[:, 1:]
    prediction = predict(task.predictor, lightness)
    colorized = recombine(lightness, prediction, 1)
    plain, rebalanced = AucAccumulator(), AucAccumulator(task.prior, Grid.paper())
    plain.update(prediction, ab)
    rebalanced.update(prediction, ab)
    difference = colorized.to(torch.int64) - rgb.to(torch.int64)
    return Scores(
        plain.sums,
        rebalanced.sums,
        int(difference.square().sum()) / 255**2,
        rgb.numel(),
        chroma(prediction) * len(rgb),
        colorfulness(colorized / 255) * len(rgb),
    )


def predict(predictor: Predictor, lightness: Tensor) -> Tensor:
    """The ab map, N×2×H×W, that a predictor gives for L, N×1×H×W."""
    if isinstance(predictor, tuple):
        return torch.tensor(predictor).reshape(1, 2, 1, 1).expand(len(lightness), 2, *lightness.shape[-2:])
    status = (predictor / WEIGHTS).stat()
    colorizer = _colorizer(predictor, status.st_mtime_ns, status.st_size)
    return upsample(colorizer.predict(lightness), colorizer.model.stride, *lightness.shape[-2:])


@lru_cache(maxsize=1)
def _colorizer(folder: Path, _mtime_ns: int, _size: int) -> Colorizer:
    # The weights' date and size are in the key: a worker may outlive a training.
    return Colorizer.from_pretrained(folder, precision="fp32", device="cpu")
