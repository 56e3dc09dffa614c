"""Batches for training: shuffled, cropped and mirrored, all of it a function of the seed and the epoch alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorlib.data.reading import read_ahead
from colorlib.data.source import ImageSource
from colorlib.errors import ColorlibError


@dataclass(frozen=True)
class _Draws:
    """What chance decided for one epoch: the order of the images, and for each image its crop and mirroring."""

    order: Tensor  # (N,) int64
    corners: Tensor  # (N, 2) int64, by image
    mirrored: Tensor  # (N,) bool, by image


class TrainingBatches:
    """Random crops, mirrored at random (as released), in an order drawn anew each epoch; a `BatchSource`.

    The draws of an epoch depend on (seed, epoch) only, so any epoch can be made again without those before it, and any
    batch without those before it. The processes that read draw nothing, hence their number changes nothing.

    Args:
        data: the training images.
        batch_size: images a batch, over all ranks; the last batch of an epoch may be smaller.
        crop: side of the crops in pixels.
        seed: of all draws.
        rank: which part of each batch this process sees, from 0.
        world: how many processes share each batch.
        workers: processes that read ahead; 0 reads when asked.

    Raises:
        ColorlibError: the crop is larger than the images, or there is no such rank.
    """

    def __init__(
        self,
        data: ImageSource,
        batch_size: int,
        crop: int,
        seed: int,
        *,
        rank: int = 0,
        world: int = 1,
        workers: int = 0,
    ) -> None:
        if crop > data.size:
            raise ColorlibError(
                f"train.crop is {crop}, larger than the prepared images ({data.size}): lower it or raise prepare.size"
            )
        if not 0 <= rank < world:
            raise ColorlibError(f"there is no rank {rank} of {world}: ranks go from 0 to {world - 1}")
        if world > batch_size:
            raise ColorlibError(
                f"a batch of {batch_size} images cannot be shared by {world} processes: raise train.batch_size"
            )
        if workers < 0:
            raise ColorlibError(f"got {workers} workers, expected 0 (read when asked) or more")
        self._data = data
        self._batch_size = batch_size
        self._crop = crop
        self.seed = seed
        self._rank, self._world = rank, world
        self._workers = workers
        self._drawn: tuple[int, _Draws] | None = None

    def __len__(self) -> int:
        return -(-len(self._data) // self._batch_size)

    @property
    def images(self) -> int:
        """Images an epoch, over all ranks."""
        return len(self._data)

    @property
    def fingerprint(self) -> str:
        """One SHA-256 over the images and their order."""
        return self._data.fingerprint

    def global_size(self, batch: int) -> int:
        """Images in batch `batch` (from 0) over all ranks.

        Raises:
            ColorlibError: an epoch has no such batch.
        """
        self._check(batch)
        return min(self._batch_size, len(self._data) - batch * self._batch_size)

    def files(self, number: int, batch: int) -> tuple[str, ...]:
        """The names of the images in this rank's part of batch `batch` of epoch `number`, in their order in it.

        Raises:
            ColorlibError: an epoch has no such batch.
        """
        self._check(batch)
        return tuple(self._data.name(row) for row in self._rows(self._draw(number), batch))

    def epoch(self, number: int, start: int = 0) -> Iterator[Tensor]:
        """Yield this rank's part of the batches of epoch `number` (from 0), from batch `start` (from 0).

        Shape: uint8 sRGB, B×3×crop×crop.

        Raises:
            ColorlibError: an image cannot be read, or an epoch has no batch `start`.
        """
        if start != len(self):  # the position after the last batch: nothing is left of this epoch
            self._check(start)
        draws, seed = self._draw(number), self._seed_of(number)
        for batch in read_ahead(partial(self._stack, draws), range(start, len(self)), self._workers, seed):
            yield torch.from_numpy(batch)

    def _draw(self, number: int) -> _Draws:
        if self._drawn is not None and self._drawn[0] == number:
            return self._drawn[1]
        generator = torch.Generator().manual_seed(self._seed_of(number))
        count = len(self._data)
        order = self._data.order(generator, self._batch_size)
        corners = torch.randint(0, self._data.size - self._crop + 1, (count, 2), generator=generator)
        mirrored = torch.rand(count, generator=generator) < 0.5
        draws = _Draws(order, corners, mirrored)
        self._drawn = (number, draws)
        return draws

    def _seed_of(self, number: int) -> int:
        return self.seed * 1_000_003 + number

    def _rows(self, draws: _Draws, batch: int) -> list[int]:
        rows: list[int] = draws.order[batch * self._batch_size : (batch + 1) * self._batch_size].tolist()
        first, last = (len(rows) * rank // self._world for rank in (self._rank, self._rank + 1))
        return rows[first:last]

    def _stack(self, draws: _Draws, batch: int) -> NDArray[np.uint8]:
        rows = self._rows(draws, batch)
        crops = np.empty((len(rows), self._crop, self._crop, 3), np.uint8)
        for target, row in zip(crops, rows, strict=True):
            top, left = draws.corners[row].tolist()
            crop = self._data.read(row)[top : top + self._crop, left : left + self._crop]  # (crop, crop, 3)
            target[...] = crop[:, ::-1] if draws.mirrored[row] else crop
        return np.ascontiguousarray(crops.transpose(0, 3, 1, 2))  # (B, 3, crop, crop)

    def _check(self, batch: int) -> None:
        if not 0 <= batch < len(self):
            raise ColorlibError(f"an epoch has the batches 0 to {len(self) - 1}, none with the number {batch}")
