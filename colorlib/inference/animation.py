"""From grey to colour: a short animation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.inference.photograph import Photograph
from colorlib.inference.rendering import over_white, render
from colorlib.ops.composition import AbMap

FORMATS = {".gif": "GIF", ".webp": "WEBP"}
LONGEST_SIDE = 640  # pixels
FRAMES = 24
FRAME_MS, HOLD_MS = 80, 1500


def check_animation(target: Path, frames: int, force: bool) -> None:
    """Refuse another format, too few frames, a folder, or a file that exists.

    Raises:
        ColorlibError: it is so.
    """
    if target.suffix.lower() not in FORMATS:
        raise ColorlibError(f"{target}: an animation is a .gif or a .webp, got {target.suffix or 'no suffix'}")
    if frames < 2:
        raise ColorlibError(f"got {frames} frames, expected at least 2: grey and colour")
    if target.is_dir():
        raise ColorlibError(f"{target} is a folder: name a file for the animation")
    if target.exists() and not force:
        raise ColorlibError(f"{target} exists: name another file, or replace it with --force")


def animate(photograph: Photograph, colours: AbMap, target: Path, frames: int = FRAMES) -> None:
    """Write a .gif or .webp that blends from grey to colour, holds, and begins again; at most 640 pixels long.

    What is transparent lies on white.

    Args:
        photograph: still whole, not used up by writing its picture.
        colours: of it.
        target: the file; written to a temporary name, then renamed.
        frames: from the grey to the coloured one, both included.

    Raises:
        ColorlibError: as `check_animation`, or the place cannot be written.
    """
    with animated(photograph, colours, target, frames):
        pass


@contextmanager
def animated(photograph: Photograph, colours: AbMap, target: Path, frames: int = FRAMES) -> Iterator[None]:
    """As `animate`, before the block; the file gets its name when the block has ended well, and is gone otherwise.

    Raises:
        ColorlibError: as `animate`.
    """
    check_animation(target, frames, force=True)
    small = photograph.at_most(LONGEST_SIDE)
    pictures = [over_white(render(small, colours, float(blend)).image) for blend in np.linspace(0, 1, frames)]
    durations = [HOLD_MS // 2, *[FRAME_MS] * (frames - 2), HOLD_MS]
    with atomic_path(target) as temporary:
        _save(pictures, durations, temporary, FORMATS[target.suffix.lower()])
        del pictures  # of which the block shall have the memory
        yield


def _save(pictures: list[Image.Image], durations: list[int], path: Path, format_: str) -> None:
    first, *rest = pictures
    options = {"quality": 85} if format_ == "WEBP" else {}
    first.save(path, format=format_, save_all=True, append_images=rest, duration=durations, loop=0, **options)
