"""Photographs from file to file."""

import os
from pathlib import Path

from PIL import Image

from colorlib.data.photos import decode
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.inference.colorizer import Colorizer


def colorize_file(
    colorizer: Colorizer, source: Path, target: Path, temperature: float | None = None, force: bool = False
) -> None:
    """Colorize `source` into `target`, whose suffix gives the format; written to a temporary name, then renamed.

    Raises:
        ColorlibError: `source` cannot be read, `target` exists and not `force`, or it cannot be written, or its suffix
            is no format for colours.
    """
    if os.path.lexists(target) and not force:
        raise ColorlibError(f"{target} exists: name another output, or replace it with --force")
    format_ = Image.registered_extensions().get(target.suffix.lower())
    if format_ is None or format_ not in Image.SAVE:
        raise ColorlibError(
            f"{target}: {target.suffix or 'no suffix'} is no picture format, use .jpg, .png, .tif or .webp"
        )
    picture = colorizer(decode(source), temperature)
    options = {"quality": 95} if format_ in ("JPEG", "WEBP") else {}
    with atomic_path(target) as temporary:
        try:
            picture.save(temporary, format=format_, **options)
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) is not None:
                raise  # of the system and not of the format
            raise ColorlibError(
                f"{target}: a picture in colour cannot be a {format_} file ({error}), use .jpg, .png, .tif or .webp"
            ) from error
