"""Pictures in colour into files: format by suffix, with alpha, 16 bits and metadata as far as the format holds them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.inference import deep_png, deep_tiff, profiles
from colorlib.inference.deep_tiff import XMP
from colorlib.inference.formats import DEEP, WITH_ALPHA, check_size, format_of, remedy
from colorlib.inference.metadata import EXIF, GPS, Metadata
from colorlib.inference.rendering import over_white

QUALITY = {"JPEG": 95, "WEBP": 95}
LARGEST_SEGMENT = 65000  # bytes of EXIF, XMP or a comment; a JPEG's segment holds little more

Blocks = Iterator[NDArray[np.uint16]]


def what_is_lost(target: Path, alpha: bool, deep: bool, metadata: Metadata) -> tuple[str, ...]:
    """What the format of `target` cannot hold, a sentence each."""
    format_ = format_of(target)
    notes = [f"{target.suffix} has no room for so much {name}: it is dropped" for name in _too_long(format_, metadata)]
    if alpha and format_ not in WITH_ALPHA:
        notes.append(f"{target.suffix} has no transparency: it lies on white")
    if deep and format_ not in DEEP:
        notes.append(f"{target.suffix} has 8 bits a sample: 16 bits are rounded")
    return tuple(notes)


def write_picture(picture: Image.Image, target: Path, metadata: Metadata) -> None:
    """Write an RGB or RGBA picture of 8 bits to a temporary name, then rename.

    Raises:
        ColorlibError: the place cannot be written, or the format cannot hold such a picture, as `check_size`.
    """
    format_ = format_of(target)
    check_size(target, picture.size)
    if picture.mode == "RGBA" and format_ not in WITH_ALPHA:
        picture = over_white(picture)
    with atomic_path(target) as temporary:
        try:
            picture.save(temporary, format=format_, **_options(format_, metadata))
        except (OSError, ValueError, RuntimeError) as error:
            if getattr(error, "errno", None) is not None:
                raise  # of the system and not of the format
            _write_more(temporary)
            raise ColorlibError(
                f"{target}: this picture in colour cannot be a {format_} file ({error}), "
                f"{remedy(picture.size, but=format_)}"
            ) from error


def write_deep(blocks: Blocks, size: tuple[int, int], channels: int, target: Path, metadata: Metadata) -> None:
    """Write 16 bits a sample, block of rows by block of rows, so that the whole picture is never in memory.

    Args:
        blocks: R×W×channels uint16 each, from the top.
        size: width and height.
        channels: 3, or 4 with alpha.
        target: a .png or .tif.
        metadata: what is written with it.

    Raises:
        ColorlibError: the place cannot be written, or the picture is too large for the format.
    """
    write = deep_png.write if format_of(target) == "PNG" else deep_tiff.write
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        write(file, blocks, size, channels, metadata)


def _write_more(path: Path) -> None:
    """Raise what hinders writing: libtiff, which writes on its own, does not say why it failed."""
    with path.open("ab") as file:
        file.write(bytes(1 << 16))


def _options(format_: str, metadata: Metadata) -> dict[str, Any]:
    """Pillow's arguments; it ignores what a format does not have."""
    options: dict[str, Any] = {}
    dropped = _too_long(format_, metadata)
    if metadata.exif and "EXIF" not in dropped:
        options["exif"] = metadata.exif
    # None keeps Pillow from copying the profile that the pixels no longer follow out of the image's info.
    options["icc_profile"] = profiles.srgb() if metadata.tagged else None
    if metadata.dpi is not None:
        options["dpi"] = metadata.dpi
    if metadata.xmp is not None and format_ in ("JPEG", "WEBP") and "XMP" not in dropped:
        options["xmp"] = metadata.xmp
    if metadata.comment is not None and format_ == "JPEG" and "comment" not in dropped:
        options["comment"] = metadata.comment
    if format_ in QUALITY:
        options["quality"] = QUALITY[format_]
    if format_ == "PNG":
        options["pnginfo"] = _texts(metadata)
    if format_ == "TIFF":
        options["exif"] = tags = _tags(metadata)
        # Pillow hands compressed TIFFs to libtiff, which cannot write the directories of EXIF and GPS.
        options["compression"] = "raw" if EXIF in tags or GPS in tags else "tiff_adobe_deflate"
    return options


def _too_long(format_: str, metadata: Metadata) -> list[str]:
    """The names of the metadata for which a file of that format has no room."""
    parts = {"EXIF": metadata.exif, "XMP": metadata.xmp, "comment": metadata.comment}
    return [name for name, part in parts.items() if format_ == "JPEG" and len(part or b"") > LARGEST_SEGMENT]


def _tags(metadata: Metadata) -> Image.Exif:
    """A TIFF's own tags, of which Pillow takes either these or EXIF and XMP apart."""
    tags = Image.Exif()
    if metadata.exif:
        tags.load(metadata.exif)
    if metadata.xmp is not None:
        tags[XMP] = metadata.xmp
    return tags


def _texts(metadata: Metadata) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in metadata.text:
        info.add_itxt(key, value)
    if metadata.xmp is not None:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", errors="replace"))
    return info
