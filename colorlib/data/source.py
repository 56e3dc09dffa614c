"""The two interfaces between images and the trainer: images by index, and the batches that are made of them.

`ImageSource` is what a kind of data has to offer (prepared photographs, CIFAR-10, a folder, shards); `BatchSource` is
what the trainer reads. `colorlib.data.batches.TrainingBatches` makes the second out of any of the first.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class ImageSource(Protocol):
    """Equally large images that can be read in any order; reading is safe in forked processes."""

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        ...

    @property
    def fingerprint(self) -> str:
        """One SHA-256 (64 hexadecimal digits) over the images and their order: what a checkpoint remembers."""
        ...

    def __len__(self) -> int:
        """Number of images."""
        ...

    def name(self, index: int) -> str:
        """What a person finds image `index` by: a file's name, or a file and a place in it."""
        ...

    def read(self, index: int) -> NDArray[np.uint8]:
        """Image `index` as S×S×3 uint8 sRGB; not to be written to.

        Raises:
            ColorlibError: the image cannot be read; the message names it.
        """
        ...

    def order(self, generator: torch.Generator, batch_size: int) -> Tensor:
        """All indices, each once, in the order of one epoch: N int64, drawn from `generator` alone.

        Sources for which a jump costs much keep images that lie together near each other, within what each of the
        (global) batches of `batch_size` images allows.
        """
        ...


def read_tensor(source: ImageSource, rows: Iterable[int]) -> Tensor:
    """The images with these indices (one at least) as uint8 sRGB, M×3×S×S."""
    images = np.stack([source.read(row) for row in rows])  # (M, S, S, 3)
    return torch.from_numpy(images).permute(0, 3, 1, 2)  # (M, 3, S, S)


def spread(total: int, most: int) -> list[int]:
    """At most `most` of the indices below `total`, at equal distances; all of them where they are not more."""
    return torch.linspace(0, total - 1, min(total, most)).round().long().tolist()


class BatchSource(Protocol):
    """A deterministic, seeded source of training batches; everything is a function of (seed, epoch, batch).

    With several ranks, each sees its own part of every batch: together they see each image once an epoch, and the
    global batches are the same whatever the number of ranks.
    """

    @property
    def images(self) -> int:
        """Images an epoch, over all ranks."""
        ...

    @property
    def fingerprint(self) -> str:
        """One SHA-256 over the images and their order."""
        ...

    @property
    def seed(self) -> int:
        """Of all draws."""
        ...

    def __len__(self) -> int:
        """Batches an epoch, the same on every rank."""
        ...

    def epoch(self, number: int, start: int = 0) -> Iterator[Tensor]:
        """Yield this rank's part of the batches of epoch `number` (from 0), beginning with batch `start` (from 0).

        Batches before `start` cost nothing: no image of theirs is read.

        Shape: uint8 sRGB, B×3×crop×crop. B differs by at most one between ranks; in an epoch's last batch it is 0 on
        some ranks when fewer images are left than there are ranks.

        Raises:
            ColorlibError: an image cannot be read; the message names it.
        """
        ...

    def global_size(self, batch: int) -> int:
        """Images in batch `batch` (from 0) over all ranks: `batch_size`, but for an epoch's last batch."""
        ...

    def files(self, number: int, batch: int) -> tuple[str, ...]:
        """The names of the images in this rank's part of batch `batch` of epoch `number`, in their order in it."""
        ...
