"""Reading shards back: images by index for the trainer, straight from the tar files.

webdataset's own pipeline reads shards as streams, where the position in an epoch can only be found by reading all that
lies before it. The records beside the tar files say where each image begins: any image costs one read, and a run
resumes at any batch. (`webdataset.WebDataset` reads the same files.)
"""

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from colorlib.data.photos import resize_to_square, to_rgb
from colorlib.data.shards import INDEX, SUMS, read_record, shard_name, shard_path
from colorlib.errors import ColorlibError


@dataclass(frozen=True)
class ShardSource:
    """The images of a folder of shards, an `ImageSource`.

    Attributes:
        directory: the folder that `write_shards` wrote.
        size: side of the squares in pixels.
        starts: index of the first image of each shard, and the number of images at the end; int64.
        places: N×2 int64, offset and length of each image in its tar file.
        keys: of the samples, in order.
        grey: N bool; the loss masks such images.
        fingerprint: SHA-256 over the size and the checksums of all shards.
    """

    directory: Path
    size: int
    starts: NDArray[np.int64] = field(repr=False)
    places: NDArray[np.int64] = field(repr=False)
    keys: NDArray[np.int64] = field(repr=False)
    grey: NDArray[np.bool_] = field(repr=False)
    fingerprint: str

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return len(self.starts) - 1

    def shard_of(self, index: int) -> int:
        """The number of the shard that image `index` lies in."""
        return int(np.searchsorted(self.starts, index, side="right")) - 1

    def name(self, index: int) -> str:
        """The tar file and the key in it."""
        # Not by pathlib: a million names that come and go make Python's table of such names grow.
        return f"{self.directory}/{shard_name(self.shard_of(index))}#{self.keys[index]:09d}"

    def read(self, index: int) -> NDArray[np.uint8]:
        """Image `index` as S×S×3 uint8 sRGB, the middle square of the image scaled to it.

        Raises:
            ColorlibError: the tar file is gone or was damaged.
        """
        offset, length = self.places[index].tolist()
        try:
            with shard_path(self.directory, self.shard_of(index)).open("rb") as file:
                file.seek(offset)
                blob = file.read(length)
            with Image.open(io.BytesIO(blob)) as image:
                image.load()
                return resize_to_square(to_rgb(image), self.size)
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise ColorlibError(
                f"{self.name(index)} cannot be read ({error}): check the shards by `sha256sum -c {SUMS}`"
            ) from error

    def order(self, generator: torch.Generator, batch_size: int) -> Tensor:
        """All indices in a random order that reads few shards at a time, N int64.

        Shards come in random order and images in random order within their shard. This sequence is cut into lanes of
        equal length (± 1), and each batch takes the next images of every lane: as many lanes as divide the batch size
        and are not more than the shards. A rank that is given a slice of each batch so reads the shards of its lanes,
        and shares with its neighbour at most the one at the border.
        """
        sequence: list[Tensor] = []
        for shard in torch.randperm(self.shards, generator=generator).tolist():
            first, last = int(self.starts[shard]), int(self.starts[shard + 1])
            sequence.append(first + torch.randperm(last - first, generator=generator))
        images = torch.cat(sequence)  # (N,)
        lanes = max(number for number in range(1, batch_size + 1) if batch_size % number == 0 and number <= self.shards)
        each, (shortest, longer) = batch_size // lanes, divmod(len(images), lanes)
        lengths = torch.full((lanes,), shortest)
        lengths[:longer] += 1
        lane = torch.repeat_interleave(torch.arange(lanes), lengths)  # (N,)
        place = torch.arange(len(images)) - (lengths.cumsum(0) - lengths)[lane]  # (N,)
        return images[torch.argsort(place // each * lanes + lane, stable=True)]  # (N,)

    def subset(self, rows: NDArray[np.int64]) -> "ShardSource":
        """Some of the images (ascending indices), in the same shards: an epoch's order has whole lanes of them."""
        return ShardSource(
            self.directory,
            self.size,
            np.searchsorted(rows, self.starts),
            self.places[rows],
            self.keys[rows],
            self.grey[rows],
            hashlib.sha256(self.fingerprint.encode() + rows.tobytes()).hexdigest(),
        )


def open_shards(directory: Path, size: int) -> ShardSource:
    """Open what `write_shards` wrote.

    Args:
        directory: the folder with shards.json.
        size: side in pixels of the squares that the images become.

    Raises:
        ColorlibError: the folder is not a finished set of shards, or a tar file is missing or of another length.
    """
    try:
        count = json.loads((directory / INDEX).read_text(encoding="utf-8"))["shards"]
        sums = (directory / SUMS).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise ColorlibError(
            f"{directory} holds no finished shards ({error}): run colorlib shards SOURCE {directory}"
        ) from error
    starts, places, keys, grey = [0], [], [], []
    for number in range(count):
        tar = shard_path(directory, number)
        record = read_record(tar.with_suffix(".json"))
        length = tar.stat().st_size if tar.is_file() else 0
        if length != record["bytes"]:
            raise ColorlibError(
                f"{tar} has {length} bytes, its record says {record['bytes']}: run colorlib shards again"
            )
        starts.append(starts[-1] + len(record["images"]))
        places.append(np.array([image[2:4] for image in record["images"]], np.int64).reshape(-1, 2))
        keys.append(np.array([int(image[1]) for image in record["images"]], np.int64))
        grey.append(np.array([image[-1] for image in record["images"]], np.bool_))
    return ShardSource(
        directory,
        size,
        np.array(starts, np.int64),
        np.concatenate(places),
        np.concatenate(keys),
        np.concatenate(grey),
        hashlib.sha256(f"size {size}\n".encode() + sums).hexdigest(),
    )
