"""Prepared data of a large source: a folder of shards for each split, where `prepared` has one array.

```
DIRECTORY/train/shard-000000.tar    and all that `colorlib.data.shards` writes; so for val and test
DIRECTORY/prepared.json             side of the squares; written last, so that what it describes is whole
```
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from colorlib.data.manifest import SPLITS, Photo, Split
from colorlib.data.shard import ShardSettings
from colorlib.data.shard_source import ShardSource, open_shards
from colorlib.data.shards import SUMS, Listed, Map, Totals, Written, write_shards
from colorlib.data.walk import image_files
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, write_text

MARK = "prepared.json"
HELD_OUT = 100  # of so many images without a manifest, one is for validation and one for the test

Files = Callable[[Split], Iterable[Listed]]


def of_manifest(photos: Iterable[Photo]) -> Files:
    """The files of each split as a manifest has them; `photos` is gone through again for each."""
    return lambda split: ((photo.file, photo.sha256) for photo in photos if photo.split == split)


def of_folder(source: Path) -> Files:
    """All image files below `source`, split by their names; the folder is walked again for each split."""
    return lambda split: ((file, "") for file in image_files(source) if split_of(file) == split)


def split_of(file: str) -> Split:
    """The split of a file, from the hash of its name: one in a hundred for val, one for test, whatever the others."""
    number = int.from_bytes(hashlib.sha256(os.fsencode(file)).digest()[:8]) % HELD_OUT
    return "val" if number == 0 else "test" if number == 1 else "train"


def prepare_shards(
    files: Files,
    source: Path,
    destination: Path,
    size: int,
    settings: ShardSettings,
    progress: Callable[[Written], None] = lambda _: None,
    mapping: Map = map,
) -> dict[Split, Totals]:
    """Write the shards of all splits; started again after an interruption, it keeps the shards that are finished.

    Args:
        files: of each split.
        source: the folder that they lie in.
        destination: a folder that will hold nothing but the prepared data; what else is there goes.
        size: side in pixels of the squares that the images become when they are read.
        settings: how to store them.
        progress: called after each shard.
        mapping: as for `write_shards`.

    Raises:
        ColorlibError: a split has no image, or none that can be read, or `destination` cannot be written.
    """
    for split in SPLITS:
        if next(iter(files(split)), None) is None:
            raise ColorlibError(f"{source} has no image for {split}: every split needs at least one")
    (destination / MARK).unlink(missing_ok=True)
    totals = {
        split: write_shards(source, destination / split, settings, progress, mapping, files(split), replace=True)
        for split in SPLITS
    }
    for path in _others(destination):
        path.unlink()  # arrays of an earlier call
    write_text(destination / MARK, json.dumps({"size": size}) + "\n")
    return totals


def load_prepared_shards(directory: Path, split: Split) -> ShardSource:
    """Open one split that `prepare_shards` wrote.

    Raises:
        ColorlibError: it is missing or damaged.
    """
    path = directory / MARK
    try:
        size = int(json.loads(path.read_text(encoding="utf-8"))["size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ColorlibError(f"{path} is damaged ({error}): run the prepare stage again") from error
    return open_shards(directory / split, size)


def prepared_shards_sha256(directory: Path) -> str:
    """One hash over all splits, by the checksums of their shards."""
    parts = [directory / MARK, *(directory / split / SUMS for split in SPLITS)]
    return hashlib.sha256("".join(map(sha256_of, parts)).encode()).hexdigest()


def _others(directory: Path) -> Iterator[Path]:
    return (path for path in list(directory.iterdir()) if path.name not in SPLITS and path.is_file())
