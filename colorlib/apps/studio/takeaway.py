"""Files for a visitor to keep: pictures with their metadata, animations, a batch as one ZIP."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from colorlib.apps.studio.desk import Desk, Wish
from colorlib.apps.studio.upload import Upload
from colorlib.errors import ColorlibError
from colorlib.inference.animation import animate
from colorlib.inference.rendering import render
from colorlib.inference.writing import write_picture

PICTURES = {"PNG": ".png", "JPEG": ".jpg"}
ANIMATIONS = {"GIF": ".gif", "WebP": ".webp"}


def file_name(upload: Upload, suffix: str) -> str:
    """portrait.tif becomes portrait.colorized.png."""
    return f"{Path(upload.name).stem}.colorized{suffix}"


def picture_file(desk: Desk, wish: Wish, format_: str) -> bytes:
    """The picture at full size as PNG or JPEG, with the photograph's metadata.

    Raises:
        ColorlibError: another format, or as `Desk.colours`.
    """
    suffix, photograph = _suffix(format_, PICTURES), wish.upload.photograph
    picture = render(photograph, desk.colours(wish), wish.blend).image
    return _through_a_file(suffix, lambda path: write_picture(picture, path, photograph.metadata))


def animation_file(desk: Desk, wish: Wish, format_: str) -> bytes:
    """From grey to colour as GIF or WebP.

    Raises:
        ColorlibError: another format, or as `Desk.colours`.
    """
    suffix, colours = _suffix(format_, ANIMATIONS), desk.colours(wish)
    return _through_a_file(suffix, lambda path: animate(wish.upload.photograph, colours, path))


def batch_file(desk: Desk, uploads: Sequence[Upload], wish: Wish, format_: str) -> bytes:
    """All pictures as one ZIP, each as its own `wish`; of equal names the later ones are numbered.

    Raises:
        ColorlibError: as `picture_file`.
    """
    suffix, names, buffer = _suffix(format_, PICTURES), set[str](), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        for upload in uploads:
            name, number = file_name(upload, suffix), 2
            while name in names:
                name, number = file_name(upload, f".{number}{suffix}"), number + 1
            names.add(name)
            archive.writestr(name, picture_file(desk, replace(wish, upload=upload), format_))
    return buffer.getvalue()


def _suffix(format_: str, known: dict[str, str]) -> str:
    if format_ not in known:
        raise ColorlibError(f"got format {format_!r}, expected {' or '.join(known)}")
    return known[format_]


def _through_a_file(suffix: str, write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="colorlib-") as folder:
        path = Path(folder) / f"picture{suffix}"
        write(path)
        return path.read_bytes()
