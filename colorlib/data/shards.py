"""Large sources as shards: a few hundred tar files of a thousand images each, written so that a kill costs one shard.

```
OUTPUT/settings.json       how the images are stored; written first
OUTPUT/shard-000000.tar    images, in webdataset's layout
OUTPUT/shard-000000.json   its SHA-256, what it was made from, a record of each image, the damaged files
OUTPUT/damaged.csv         file, reason
OUTPUT/SHA256SUMS          of the tar files, as `sha256sum -c` reads them
OUTPUT/shards.json         totals; written last, so that what it describes is whole
```
"""

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from colorlib.data.shard import ShardSettings, ShardTask, make_shard, record_text
from colorlib.data.walk import image_files, in_pieces
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path, sha256_of, sweep, write_text

INDEX, SETTINGS, SUMS, DAMAGED = "shards.json", "settings.json", "SHA256SUMS", "damaged.csv"
NAME = re.compile(r"shard-(\d{6,})\.(?:tar|json)")
VERSION = 1

Map = Callable[[Callable[[ShardTask], "Written"], Iterable[ShardTask]], Iterable["Written"]]
Listed = tuple[str, str]  # a file's name, and its SHA-256, or "" where nothing says it


@dataclass(frozen=True)
class Written:
    """What there is to say about a finished shard.

    Attributes:
        number: of the shard.
        images: in it.
        grey: how many of them are grey.
        damaged: files that could not be used.
        kept: whether an earlier call had written it.
    """

    number: int
    images: int
    grey: int
    damaged: int
    kept: bool


@dataclass(frozen=True)
class Totals:
    """The sums over all shards, as `shards.json` has them."""

    shards: int
    images: int
    grey: int
    damaged: int


def write_shards(
    source: Path,
    output: Path,
    settings: ShardSettings | None = None,
    progress: Callable[[Written], None] = lambda _: None,
    mapping: Map = map,
    files: Iterable[Listed] | None = None,
    replace: bool = False,
) -> Totals:
    """Write images below `source` as shards into `output`; started again, it keeps the shards that are finished.

    The bytes do not depend on how often it was interrupted, or on who does the work. Memory does not grow with the
    number of images: one shard is held at a time, and the names in one folder.

    Args:
        source: a folder with images at any depth; see `image_files`.
        output: a folder that will hold nothing else.
        settings: how to store the images; 256 pixels as JPEG of quality 95 where None.
        progress: called after each shard.
        mapping: like `map`, in order; may spread the calls over processes that see the same folders.
        files: which, in their order; all image files where None.
        replace: empty an `output` that was written with other settings or holds other files.

    Raises:
        ColorlibError: no image can be read, or `output` cannot be written, or not without `replace`.
    """
    settings = settings or ShardSettings()
    source, output = source.absolute(), output.absolute()  # a worker may stand elsewhere
    _begin(output, settings, replace)
    count = 0
    for written in mapping(partial(write_shard, output), plan(source, settings, files)):
        progress(written)
        count += 1
    return _finish(source, output, count)


def plan(source: Path, settings: ShardSettings, files: Iterable[Listed] | None = None) -> Iterator[ShardTask]:
    """The units of work, one after the other: `per_shard` files each."""
    listed = ((name, "") for name in image_files(source)) if files is None else files
    for number, piece in enumerate(in_pieces(listed, settings.per_shard)):
        names, sums = zip(*piece, strict=True)
        yield ShardTask(number, source, names, settings, sums)


def write_shard(output: Path, task: ShardTask) -> Written:
    """Make the shard of `task` and store it, unless the same one is there already and whole.

    "The same" means: the same file names and sizes, and the same settings.
    """
    tar, record_path = shard_path(output, task.number), shard_path(output, task.number).with_suffix(".json")
    inputs = _inputs(task)
    kept = _is_whole(tar, record_path, inputs)
    if not kept:
        shard = make_shard(task)
        record_path.unlink(missing_ok=True)  # a record without its tar file must never be believed
        with atomic_path(tar) as temporary:
            temporary.write_bytes(shard.blob)
        write_text(record_path, record_text(shard, inputs))
    record = read_record(record_path)
    grey = sum(image[-1] for image in record["images"])
    return Written(task.number, len(record["images"]), grey, len(record["damaged"]), kept)


def shard_path(output: Path, number: int) -> Path:
    """Where the tar file of shard `number` lies."""
    return output / shard_name(number)


def shard_name(number: int) -> str:
    """The name of the tar file of shard `number`."""
    return f"shard-{number:06d}.tar"


def read_record(path: Path) -> dict[str, Any]:
    """The record beside a tar file.

    Raises:
        ColorlibError: it is missing or damaged.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not {"sha256", "bytes", "inputs", "images", "damaged"} <= record.keys():
            raise ValueError("a key is missing")
    except (OSError, ValueError, AttributeError) as error:
        raise ColorlibError(f"{path} is damaged ({error}): remove it and run colorlib shards again") from error
    return record


def _is_whole(tar: Path, record_path: Path, inputs: str) -> bool:
    if not (tar.is_file() and record_path.is_file()):
        return False
    try:
        record = read_record(record_path)
    except ColorlibError:
        return False  # it is made again
    return bool(record["inputs"] == inputs and sha256_of(tar) == record["sha256"])


def _begin(output: Path, settings: ShardSettings, replace: bool) -> None:
    text = json.dumps({"version": VERSION, **asdict(settings)}, indent=2) + "\n"
    path = output / SETTINGS
    same = path.is_file() and path.read_text(encoding="utf-8") == text
    if not same and output.is_dir() and any(output.iterdir()):
        if replace:
            shutil.rmtree(output)
        elif path.is_file():
            raise ColorlibError(f"{output} holds shards of other settings ({path}): remove it, or name another folder")
        else:
            raise ColorlibError(f"{output} is not empty and holds no shards: name another folder")
    (output / INDEX).unlink(missing_ok=True)
    write_text(path, text)


def _finish(source: Path, output: Path, count: int) -> Totals:
    sweep(output)  # what a killed worker left
    for path in output.iterdir():
        match = NAME.fullmatch(path.name)
        if match is not None and int(match[1]) >= count:
            path.unlink()  # of an earlier call, when there were more images
    images = grey = lost = 0
    with atomic_path(output / DAMAGED) as listed, atomic_path(output / SUMS) as summed:
        with listed.open("w", encoding="utf-8", newline="") as damaged, summed.open("w", encoding="utf-8") as sums:
            writer = csv.writer(damaged, lineterminator="\n")
            writer.writerow(["file", "reason"])
            for number in range(count):
                record = read_record(shard_path(output, number).with_suffix(".json"))
                sums.write(f"{record['sha256']}  {shard_name(number)}\n")
                writer.writerows([_printable(text) for text in pair] for pair in record["damaged"])
                images += len(record["images"])
                grey += sum(image[-1] for image in record["images"])
                lost += len(record["damaged"])
        if images == 0:
            raise ColorlibError(f"{source} holds no image that can be read; {lost} files are damaged")
    totals = Totals(count, images, grey, lost)
    write_text(output / INDEX, json.dumps({"version": VERSION, **asdict(totals)}, indent=2) + "\n")
    return totals


def _printable(text: str) -> str:
    """File names are bytes and need not be UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _inputs(task: ShardTask) -> str:
    digest = hashlib.sha256(json.dumps(asdict(task.settings)).encode())
    digest.update("".join(task.sha256).encode())
    for file in task.files:
        path = task.root / file
        size = path.stat().st_size if path.exists() else -1
        digest.update(f"{file}\0{size}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
