"""Picture files, opened as far as their header: regular files that hold a photograph, of any size."""

import stat
import threading
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageFile

from colorlib.errors import ColorlibError

# Drawings, for which Pillow starts another program or has none, and data of which it knows no more than the name.
NO_PHOTOGRAPHS = frozenset({"EPS", "WMF", "PDF", "PALM", "MPEG", "HDF5", "GRIB", "BUFR"})

UNREADABLE = frozenset({".heic", ".heif"})  # photographs all the same: to name them is better than to pass them over

_LIMIT = threading.Lock()  # held while Pillow's own limit, which belongs to the whole process, is set aside


def open_any(path: Path) -> ImageFile.ImageFile:
    """Read the header of a picture file, whatever size it claims: the caller checks that before anything is decoded.

    Raises:
        ColorlibError: a pipe or a device, at which a reader would wait.
        OSError: it cannot be opened, or is no picture (`PIL.UnidentifiedImageError`).
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # what is wrong with a folder, opening it says
        raise ColorlibError("a pipe or a device is no photograph: write what it holds into a file")
    with _LIMIT:
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            return Image.open(path, formats=_formats())
        finally:
            Image.MAX_IMAGE_PIXELS = before


@lru_cache(maxsize=1)
def picture_suffixes() -> frozenset[str]:
    """The suffixes of files that may hold a photograph, in small letters: ".jpg", ".png", …"""
    known = (name for name, kind in Image.registered_extensions().items() if kind not in NO_PHOTOGRAPHS)
    return frozenset(known) | UNREADABLE


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in Image.ID if name not in NO_PHOTOGRAPHS)
