"""The image files below a folder, in one order, without holding them all."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from colorlib.errors import ColorlibError

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"))


Item = TypeVar("Item")


def in_pieces(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield `size` items at a time; the last piece may be smaller."""
    left = iter(items)
    while piece := tuple(islice(left, size)):
        yield piece


def image_files(folder: Path) -> Iterator[str]:
    """Yield the names of all image files below `folder`, relative to it, with "/" between the parts.

    Which files are images is told by the suffix. The order is that of the names, folder by folder; only the names of
    one folder, and of those that it lies in, are held. Hidden files and folders are left out, and linked folders,
    which could lead in circles.

    Raises:
        ColorlibError: `folder` is no folder, or one below it cannot be read.
    """
    if not folder.is_dir():
        raise ColorlibError(f"{folder} is not a folder: name one with images in it, at any depth")
    return _below(folder, "")


def _below(folder: Path, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in found if not entry.name.startswith(".")
            )
    except OSError as error:
        raise ColorlibError(f"{folder} cannot be read ({error.strerror}): check the folder's owner") from error
    for name, is_folder in entries:
        if is_folder:
            yield from _below(folder / name, f"{prefix}{name}/")
        elif os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122  # a Path for each of millions costs
            yield prefix + name
