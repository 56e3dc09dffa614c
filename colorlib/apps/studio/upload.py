"""What a visitor hands over, checked before it is decoded."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from colorlib.errors import ColorlibError
from colorlib.inference.photograph import Photograph, read_photograph

LARGEST_FILE = 64 << 20  # bytes
LARGEST_PICTURE = 60_000_000  # pixels; more is work for `colorlib colorize`


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
            f"{name} has {len(content) / 2**20:.0f} MiB, more than the {LARGEST_FILE >> 20} that an upload may have: "
            "colorize it with the command line"
        )
    with tempfile.TemporaryDirectory(prefix="colorlib-") as folder:
        # Readers of 16-bit files want a path; the name on disk is ours, not the visitor's.
        path = Path(folder) / f"upload{Path(name).suffix[:10]}"
        path.write_bytes(content)
        try:
            photograph = read_photograph(path, LARGEST_PICTURE)
        except ColorlibError as error:
            reason = str(error).replace(str(path), "").lstrip(": ").replace("--max-megapixels", "the command line")
            raise ColorlibError(f"{name}: {reason}") from error
    return Upload(name, hashlib.sha256(content).hexdigest(), photograph)
