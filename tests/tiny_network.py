"""A network, photographs and settings so small that a whole training run takes a tenth of a second."""

from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.data.batches import TrainingBatches
from colorlib.data.prepared import Prepared
from colorlib.models.base import ColorNet
from colorlib.ops.grid import Grid
from colorlib.training.objective import Classification
from colorlib.training.settings import OptimiserSettings, ScheduleSettings, TrainingSettings

GRID = Grid.paper()
OBJECTIVE = Classification(GRID)
SETTINGS = TrainingSettings(
    epochs=3,
    batch_size=4,
    crop=16,
    precision="fp32",
    optimiser=OptimiserSettings(learning_rate=1e-3),
    schedule=ScheduleSettings(kind="cosine"),
)


class Tiny(ColorNet):
    """Two strided convolutions with batch norm (or without), and the head."""

    name: ClassVar[str] = "tiny"
    multiple: ClassVar[int] = 4

    def __init__(self, norm: bool = True, checkpointing: bool = False) -> None:
        super().__init__(len(GRID), "classification", checkpointing, GRID.name)
        self.first = self.block(1, 8, norm)
        self.second = self.block(8, 8, norm)
        self.out = nn.Conv2d(8, len(GRID), 1)
        self.initialise()

    @staticmethod
    def block(channels: int, width: int, norm: bool) -> nn.Sequential:
        layers = [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.ReLU()]
        return nn.Sequential(*layers, *([nn.BatchNorm2d(width)] if norm else []))

    @property
    def final(self) -> nn.Conv2d:
        return self.out

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.run(self.second, self.run(self.first, x)))


def tiny(norm: bool = True, seed: int = 0) -> Tiny:
    """The network with weights from `seed`."""
    torch.manual_seed(seed)
    return Tiny(norm)


def photographs(count: int = 10, size: int = 20, seed: int = 3) -> Prepared:
    """Coloured noise."""
    images = np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return Prepared(images, tuple(f"{i}.jpg" for i in range(count)))


def batches(settings: TrainingSettings = SETTINGS, rank: int = 0, world: int = 1, seed: int = 0) -> TrainingBatches:
    """Of the photographs: with the default settings two of four images, and one of two."""
    return TrainingBatches(photographs(), settings.batch_size, settings.crop, seed, rank=rank, world=world)


def changed(**values: object) -> TrainingSettings:
    """The settings with other values, checked as ever."""
    return TrainingSettings.model_validate(SETTINGS.model_dump() | values)
