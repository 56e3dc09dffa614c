"""Any folder of images as training data, without preparing anything."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorlib.data.photos import decode, resize_to_square
from colorlib.data.walk import image_files
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of


@dataclass(frozen=True)
class Damaged:
    """An image file that cannot be used: its name, and the reason in words."""

    file: str
    reason: str


@dataclass(frozen=True)
class Folder:
    """The images below a folder, an `ImageSource`; each is decoded and resized whenever it is read.

    Attributes:
        root: the folder.
        size: side of the squares in pixels.
        files: names relative to the folder, sorted folder by folder.
        damaged: files that were left out.
        fingerprint: SHA-256 over the size, and names and bytes of all files.
    """

    root: Path
    size: int
    files: tuple[str, ...] = field(repr=False)
    damaged: tuple[Damaged, ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        """The file's path."""
        return str(self.root / self.files[index])

    def read(self, index: int) -> NDArray[np.uint8]:
        """Image `index` as S×S×3 uint8 sRGB, the middle square of the image scaled to it.

        Raises:
            ColorlibError: the file is gone or was damaged after the folder was opened.
        """
        return resize_to_square(decode(self.root / self.files[index]), self.size)

    def order(self, generator: torch.Generator, batch_size: int) -> Tensor:  # noqa: ARG002  # any order costs the same
        """All indices in one random order, N int64."""
        return torch.randperm(len(self), generator=generator)


def open_folder(root: Path, size: int) -> Folder:
    """Find and decode every image below `root` once, so that a damaged one is known before training begins.

    That takes about as long as an epoch's reading; for more than some ten thousand images write shards.

    Args:
        root: the folder.
        size: side in pixels of the squares that the images become.

    Raises:
        ColorlibError: `root` is no folder, or holds no image that can be read.
    """
    digest = hashlib.sha256(f"size {size}\n".encode())
    files: list[str] = []
    damaged: list[Damaged] = []
    for file in image_files(root):
        try:
            decode(root / file)
        except ColorlibError as error:
            damaged.append(Damaged(file, str(error)))
            continue
        digest.update(f"{file}\0{sha256_of(root / file)}\n".encode())
        files.append(file)
    if not files:
        found = f"; {len(damaged)} files are damaged, the first: {damaged[0].reason}" if damaged else ""
        raise ColorlibError(f"{root} holds no image that can be read{found}")
    return Folder(root, size, tuple(files), tuple(damaged), digest.hexdigest())
