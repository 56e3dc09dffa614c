"""What a visitor hands over, checked before it is decoded."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from colorlib.errors import ColorlibError
from colorlib.inference.photograph import Photograph, open_checked, read_photograph

LARGEST_FILE = 64 << 20  # bytes
LARGEST_PICTURE = 60_000_000  # pixels


@dataclass(frozen=True)
class Upload:
    """A photograph that was read.

    Attributes:
        name: of the file, without folders.
        sha256: of its bytes; what it is known by.
        photograph: upright, with its metadata.
    """

    name: str
    sha256: str
    photograph: Photograph


def receive(name: str, content: bytes) -> Upload:
    """Read an uploaded file.

    Raises:
        ColorlibError: a sentence that names the file: it is too large, damaged, or no picture.
    """
    name = Path(name.replace("\\", "/")).name or "picture"
    if len(content) > LARGEST_FILE:
        raise ColorlibError(
            f"{name} has more than the {LARGEST_FILE >> 20} MiB that an upload may have: "
            "colorize it with the command line"
        )
    with tempfile.TemporaryDirectory(prefix="colorlib-") as folder:
        # Readers of 16-bit files want a path; the name on disk is ours, not the visitor's.
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            photograph = _read(path)
        except ColorlibError as error:
            raise ColorlibError(str(error).replace(str(path), name, 1)) from error
    return Upload(name, hashlib.sha256(content).hexdigest(), photograph)


def _read(path: Path) -> Photograph:
    with open_checked(path) as image:
        width, height = image.size
        if width * height > LARGEST_PICTURE:
            raise ColorlibError(
                f"{width}×{height} is {width * height / 1e6:.0f} megapixels, more than the {LARGEST_PICTURE / 1e6:.0f} "
                "that an upload may have: colorize it with the command line"
            )
    return read_photograph(path)
