"""The list of photographs: what each file is, whose it is, and which split it belongs to.

A manifest may have any number of rows: they are read whenever they are gone through, and never held.
"""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from colorlib.errors import ColorlibError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class Photo:
    """One row of a manifest.

    Attributes:
        file: name inside the manifest's folder.
        sha256: of the file's bytes.
        width: in pixels.
        height: in pixels.
        split: "train", "val" or "test".
        group: photographs of one group show the same thing and stay in one split.
        licence: e.g. "CC0-1.0".
        author: as credited at the source.
        source: where the photograph is published.
    """

    file: str
    sha256: str
    width: int
    height: int
    split: Split
    group: str
    licence: str
    author: str
    source: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that was checked: its rows in their own order, as often as they are wanted.

    Attributes:
        path: the CSV file.
        count: number of rows.
    """

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Photo]:
        return _rows(self.path)


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest (CSV with at least the columns of `Photo`).

    Raises:
        ColorlibError: the manifest is missing or empty, a column or value is missing or wrong (with its line), a file
            is listed twice, or a group stands in two splits.
    """
    count = 0
    with closing(sqlite3.connect("")) as seen:  # a temporary file of SQLite's own: the memory stays bounded
        seen.execute("CREATE TABLE files (name TEXT PRIMARY KEY) WITHOUT ROWID")
        seen.execute("CREATE TABLE groups (name TEXT PRIMARY KEY, split TEXT, file TEXT) WITHOUT ROWID")
        for photo in _rows(path):
            _check(photo, seen, path)
            count += 1
    if count == 0:
        raise ColorlibError(f"{path}: the manifest lists no photograph")
    return Manifest(path, count)


def _rows(path: Path) -> Iterator[Photo]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark before the header
            reader = csv.DictReader(file)
            missing = [field.name for field in fields(Photo) if field.name not in (reader.fieldnames or ())]
            if missing:
                raise ColorlibError(f"{path}: the header lacks {', '.join(missing)}")
            for row in reader:
                yield _photo(row, f"{path}:{reader.line_num}")
    except FileNotFoundError:
        raise ColorlibError(
            f"there is no manifest {path}: restore it, or point prepare.source at a folder with one"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ColorlibError(f"the manifest {path} cannot be read: {error}") from error


def _photo(row: dict[str, str | None], where: str) -> Photo:
    values = {field.name: (row[field.name] or "").strip() for field in fields(Photo)}
    for name in ("file", "sha256", "split", "group"):
        if not values[name]:
            raise ColorlibError(f"{where}: {name} is empty")
    file = PurePosixPath(values["file"])
    if file.is_absolute() or ".." in file.parts:
        raise ColorlibError(f"{where}: file {values['file']!r} leads out of the manifest's folder")
    split: Split
    for split in SPLITS:
        if values["split"] == split:
            break
    else:
        raise ColorlibError(f"{where}: split is {values['split']!r}, expected one of {', '.join(SPLITS)}")
    return Photo(
        file=values["file"],
        sha256=values["sha256"].lower(),
        width=_pixels(values["width"], "width", where),
        height=_pixels(values["height"], "height", where),
        split=split,
        group=values["group"],
        licence=values["licence"],
        author=values["author"],
        source=values["source"],
    )


def _pixels(text: str, name: str, where: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ColorlibError(f"{where}: {name} is {text!r}, expected a number of pixels")
    return int(text)


def _check(photo: Photo, seen: sqlite3.Connection, path: Path) -> None:
    """Note the file and its group, which must not be torn apart."""
    try:
        seen.execute("INSERT INTO files VALUES (?)", (photo.file,))
    except sqlite3.IntegrityError:
        raise ColorlibError(f"{path}: {photo.file} is listed twice") from None
    seen.execute("INSERT OR IGNORE INTO groups VALUES (?, ?, ?)", (photo.group, photo.split, photo.file))
    split, first = seen.execute("SELECT split, file FROM groups WHERE name = ?", (photo.group,)).fetchone()
    if split != photo.split:
        raise ColorlibError(
            f"{path}: group {photo.group} is torn apart: {first} is in {split}, "
            f"{photo.file} in {photo.split}; put them into one split"
        )
