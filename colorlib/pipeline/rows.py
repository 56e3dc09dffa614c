"""A few images of a prepared split: the piece of work that the stages hand to `Workers`.

Each piece gives sums, which a stage adds in the order of the pieces: the size of a piece is part of the result's last
digit, the number of workers is not.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from colorlib.data.manifest import Split
from colorlib.metrics import chroma, colorfulness
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab

IMAGES = 16  # a piece; bounds the memory


@dataclass(frozen=True)
class Rows:
    """Some images of a prepared split.

    Attributes:
        array: the split's N×S×S×3 array; absolute, as a worker may stand elsewhere.
        start: the first image.
        stop: one beyond the last.
    """

    array: Path
    start: int
    stop: int

    def tensor(self) -> Tensor:
        """The images: uint8 sRGB, (stop − start)×3×S×S."""
        images = np.load(self.array, mmap_mode="r")[self.start : self.stop]  # (n, S, S, 3)
        return torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)  # (n, 3, S, S)


def rows_of(prepared: Path, split: Split, count: int) -> list[Rows]:
    """The `count` images of a split in the folder `prepared`, `IMAGES` at a time."""
    array = (prepared / f"{split}.npy").resolve()
    return [Rows(array, start, min(start + IMAGES, count)) for start in range(0, count, IMAGES)]


@dataclass(frozen=True)
class Truth:
    """What the images themselves are like.

    Attributes:
        counts: for each grid the pixels that have each bin as their nearest, Q int64.
        chroma: sum over images of the mean chroma, Lab units.
        colorfulness: sum over images.
    """

    counts: dict[str, Tensor]
    chroma: float
    colorfulness: float


def look(rows: Rows) -> Truth:
    """Count the bins of both grids, and measure how colourful the images are."""
    rgb = rows.tensor()
    ab = rgb_to_lab(rgb)[:, 1:]
    counts = {grid.name: grid.histogram(ab) for grid in (Grid.paper(), Grid.full())}
    return Truth(counts, chroma(ab) * len(rgb), colorfulness(rgb / 255) * len(rgb))
