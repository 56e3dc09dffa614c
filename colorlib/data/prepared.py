"""Prepared data: one array of equally large photographs for each split, and the list of what is in it.

```
DIRECTORY/train.npy    N×S×S×3 uint8, sRGB
DIRECTORY/train.csv    file, sha256, group: row i describes image i
```
"""

import csv
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorlib.data.manifest import SPLITS, Photo, Split
from colorlib.data.photos import load_photo, resize_to_square
from colorlib.data.prepared_shards import MARK, load_prepared_shards, prepared_shards_sha256
from colorlib.data.shard_source import ShardSource
from colorlib.data.walk import in_pieces
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path, sha256_of_tree

HASHED_AT_ONCE = 1024  # images; bounds the memory
AT_ONCE = 16  # photographs a piece of work
NAMED = 100  # broken photographs

Ready = list[NDArray[np.uint8] | str]  # images, or what is wrong with one


@dataclass(frozen=True)
class Prepared:
    """The photographs of one split, an `ImageSource`.

    Attributes:
        images: N×S×S×3 uint8, sRGB; a read-only memory map.
        files: the N file names, in the same order.
    """

    images: NDArray[np.uint8]
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.files)

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        return int(self.images.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """One SHA-256 over names and pixels."""
        digest = hashlib.sha256("\0".join(self.files).encode())
        for start in range(0, len(self), HASHED_AT_ONCE):
            digest.update(np.ascontiguousarray(self.images[start : start + HASHED_AT_ONCE]).data)
        return digest.hexdigest()

    def name(self, index: int) -> str:
        """The file that image `index` was made of."""
        return self.files[index]

    def read(self, index: int) -> NDArray[np.uint8]:
        """Image `index`, S×S×3 uint8 sRGB."""
        image: NDArray[np.uint8] = self.images[index]
        return image

    def order(self, generator: torch.Generator, batch_size: int) -> Tensor:  # noqa: ARG002  # any order costs the same
        """All indices in one random order, N int64."""
        return torch.randperm(len(self), generator=generator)

    def tensor(self, rows: slice | list[int] = slice(None)) -> Tensor:
        """The chosen images as uint8 tensor, M×3×S×S."""
        chosen = torch.from_numpy(np.array(self.images[rows]))  # (M, S, S, 3)
        return chosen.permute(0, 3, 1, 2)  # (M, 3, S, S)


@dataclass(frozen=True)
class Piece:
    """Some photographs to be made ready, by any process that sees the same files.

    Attributes:
        photos: rows of the manifest.
        source: the folder with the photographs; absolute.
        size: side of the squares in pixels.
    """

    photos: tuple[Photo, ...]
    source: Path
    size: int


def make_ready(piece: Piece) -> Ready:
    """Verify, decode and resize: for each photograph S×S×3 uint8 sRGB, or the sentence that says what is wrong."""
    results: Ready = []
    for photo in piece.photos:
        try:
            results.append(resize_to_square(load_photo(photo, piece.source), piece.size))
        except ColorlibError as error:
            results.append(str(error))
    return results


def prepare(
    photos: Iterable[Photo],
    source: Path,
    destination: Path,
    size: int,
    progress: Callable[[str], None] = lambda _: None,
    apply: Callable[[Callable[[Piece], Ready], Iterable[Piece]], Iterable[Ready]] = map,
) -> None:
    """Verify, decode and resize all photographs and write them to the folder `destination`, whole or not at all.

    A few pieces of work are held at a time, whatever the number of photographs.

    Args:
        photos: rows of the manifest; gone through once for each split, and once before.
        source: the folder with the photographs.
        destination: a folder that will hold nothing but the prepared data.
        size: side of the squares in pixels.
        progress: called with each file's name when it is done.
        apply: calls a function for each piece of work and gives the results in order, as `map` does.

    Raises:
        ColorlibError: a split has no photograph, photographs are missing, changed or broken (the first hundred are
            named), or `destination` cannot be written.
    """
    counts = Counter(photo.split for photo in photos)
    empty = [split for split in SPLITS if not counts[split]]
    if empty:
        raise ColorlibError(
            f"the manifest in {source} has no photograph for {' and '.join(empty)}: every split needs at least one"
        )
    held: deque[tuple[Photo, ...]] = deque()  # those at work
    broken: list[str] = []
    lost = 0
    with atomic_path(destination) as folder:
        folder.mkdir()
        ready = iter(apply(make_ready, _pieces(photos, source.resolve(), size, held)))
        for split in SPLITS:
            array = (folder / f"{split}.npy").open("wb")
            index = (folder / f"{split}.csv").open("w", encoding="utf-8", newline="")
            with array, index:
                shape = (counts[split], size, size, 3)
                np.lib.format.write_array_header_1_0(array, {"descr": "|u1", "fortran_order": False, "shape": shape})
                rows = csv.writer(index, lineterminator="\n")
                rows.writerow(["file", "sha256", "group"])
                for images in islice(ready, -(-counts[split] // AT_ONCE)):
                    for photo, image in zip(held.popleft(), images, strict=True):
                        if not isinstance(image, str):
                            array.write(image.data)
                        elif (lost := lost + 1) <= NAMED:
                            broken.append(image)
                        rows.writerow([photo.file, photo.sha256, photo.group])
                        progress(photo.file)
        if broken:
            more = [f"and {lost - NAMED} more"] if lost > NAMED else []
            raise ColorlibError("\n".join([f"{lost} of the photographs cannot be used:", *broken, *more]))


def _pieces(photos: Iterable[Photo], source: Path, size: int, held: deque[tuple[Photo, ...]]) -> Iterator[Piece]:
    for split in SPLITS:
        for part in in_pieces((photo for photo in photos if photo.split == split), AT_ONCE):
            held.append(part)
            yield Piece(part, source, size)


def load_prepared(directory: Path, split: Split) -> Prepared | ShardSource:
    """Open one split that `prepare` wrote, or `prepare_shards`.

    Raises:
        ColorlibError: it is missing, damaged, empty or inconsistent.
    """
    if (directory / MARK).is_file():
        return load_prepared_shards(directory, split)
    array, index = directory / f"{split}.npy", directory / f"{split}.csv"
    for path in (array, index):
        if not path.is_file():
            raise ColorlibError(f"there is no {path}: run the prepare stage first (dvc repro prepare)")
    images, files = _read_array(array), _read_files(index)
    if images.shape[0] != len(files):
        raise ColorlibError(
            f"{array} {images.shape} does not fit {index} ({len(files)} rows): run the prepare stage again"
        )
    if not files:
        raise ColorlibError(f"the {split} split in {directory} is empty: the manifest needs photographs for it")
    return Prepared(images, files)


def prepared_sha256(directory: Path) -> str:
    """One hash over all the prepared data."""
    return prepared_shards_sha256(directory) if (directory / MARK).is_file() else sha256_of_tree(directory)


def _read_array(path: Path) -> NDArray[np.uint8]:
    try:
        images = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be read") from error
    except (ValueError, EOFError) as error:
        raise _damaged(path, "it is no whole array of NumPy") from error
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (images.shape[1], images.shape[1], 3):
        raise _damaged(path, f"it is {images.dtype} {images.shape}, expected uint8 (N, S, S, 3)")
    return images


def _read_files(path: Path) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            files = tuple(row["file"] for row in csv.DictReader(file))
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be read") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _damaged(path, "it is no CSV in UTF-8") from error
    except KeyError:
        raise _damaged(path, "it has no column file") from None
    return files


def _damaged(path: Path, reason: str) -> ColorlibError:
    return ColorlibError(f"{path} is damaged ({reason}): run the prepare stage again (dvc repro -f prepare)")
