"""A few images of a prepared split: the piece of work that the stages hand to `Workers`.

Each piece gives sums, which a stage adds in the order of the pieces: the size of a piece is part of the result's last
digit, the number of workers is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from torch import Tensor

from colorlib.data.manifest import Split
from colorlib.data.prepared import load_prepared
from colorlib.data.source import ImageSource, read_tensor
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab

IMAGES = 16  # a piece; bounds the memory


@dataclass(frozen=True)
class Rows:
    """Some images of a prepared split.

    Attributes:
        prepared: the folder of the prepared data; absolute, as a worker may stand elsewhere.
        split: of it.
        start: the first image.
        stop: one beyond the last.
    """

    prepared: Path
    split: Split
    start: int
    stop: int

    def tensor(self) -> Tensor:
        """The images: uint8 sRGB, (stop − start)×3×S×S."""
        source = _source(self.prepared, self.split, self.prepared.stat().st_mtime_ns)
        return read_tensor(source, range(self.start, self.stop))


def pieces(count: int) -> int:
    """How many pieces `count` images are."""
    return -(-count // IMAGES)


def rows_of(prepared: Path, split: Split, count: int) -> Iterator[Rows]:
    """The `count` images of a split in the folder `prepared`, `IMAGES` at a time."""
    folder = prepared.resolve()
    for start in range(0, count, IMAGES):
        yield Rows(folder, split, start, min(start + IMAGES, count))


def histograms(rows: Rows) -> dict[str, Tensor]:
    """For each grid the pixels that have each bin as their nearest, Q int64."""
    ab = rgb_to_lab(rows.tensor())[:, 1:]
    return {grid.name: grid.histogram(ab) for grid in (Grid.paper(), Grid.full())}


@lru_cache(maxsize=4)
def _source(prepared: Path, split: Split, _mtime_ns: int) -> ImageSource:
    # The folder's date is in the key: a worker may outlive a preparation, which replaces files in it.
    return load_prepared(prepared, split)
