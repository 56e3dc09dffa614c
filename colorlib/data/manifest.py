"""The list of photographs: what each file is, whose it is, and which split it belongs to."""

import csv
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


def read_manifest(path: Path) -> tuple[Photo, ...]:
    """Read and check a manifest (CSV with at least the columns of `Photo`), in its own order.

    Raises:
        ColorlibError: the manifest is missing or empty, a column or value is missing or wrong (with its line), a file
            is listed twice, or a group stands in two splits.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before the header
    except FileNotFoundError:
        raise ColorlibError(
            f"there is no manifest {path}: restore it, or point prepare.source at a folder with one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ColorlibError(f"the manifest {path} cannot be read: {error}") from error
    reader = csv.DictReader(text.splitlines())
    missing = [field.name for field in fields(Photo) if field.name not in (reader.fieldnames or ())]
    if missing:
        raise ColorlibError(f"{path}: the header lacks {', '.join(missing)}")
    photos = tuple(_photo(row, f"{path}:{reader.line_num}") for row in reader)
    if not photos:
        raise ColorlibError(f"{path}: the manifest lists no photograph")
    _check_unique(photos, path)
    _check_groups(photos, path)
    return photos


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


def _check_unique(photos: tuple[Photo, ...], path: Path) -> None:
    seen: set[str] = set()
    for photo in photos:
        if photo.file in seen:
            raise ColorlibError(f"{path}: {photo.file} is listed twice")
        seen.add(photo.file)


def _check_groups(photos: tuple[Photo, ...], path: Path) -> None:
    split_of: dict[str, Photo] = {}
    for photo in photos:
        first = split_of.setdefault(photo.group, photo)
        if first.split != photo.split:
            raise ColorlibError(
                f"{path}: group {photo.group} is torn apart: {first.file} is in {first.split}, "
                f"{photo.file} in {photo.split}; put them into one split"
            )
