"""What a file says about its picture besides the pixels, and what of it still holds for the picture in colour."""

import re
from dataclasses import dataclass

from PIL import Image, TiffImagePlugin

ORIENTATION, EXIF, GPS, X_RESOLUTION, Y_RESOLUTION = 0x0112, 0x8769, 0x8825, 0x011A, 0x011B
COLOUR_SPACE, PIXELS_WIDE, PIXELS_HIGH = 0xA001, 0xA002, 0xA003  # in the EXIF directory
SRGB = 1
XMP_ORIENTATION = re.compile(rb'tiff:Orientation="[0-9]"|<tiff:Orientation>[0-9]</tiff:Orientation>')
NOT_TEXT = ("XML:com.adobe.xmp", "Raw profile type exif")  # these are carried as what they are

# In a TIFF the descriptions stand among the tags that say how the pixels are stored: only descriptions are carried on.
DESCRIPTIONS = frozenset(
    [
        *(0x010D, 0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x011D, 0x0128),  # names, camera, resolution
        *(0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749, 0x8298),  # software, date, artist, rating, copyright
        *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),  # Windows' title, comment, author, keywords, subject
    ]
)


@dataclass(frozen=True)
class Metadata:
    """What is written into the picture in colour.

    Attributes:
        exif: the EXIF block, upright and with the picture's size, without the grey thumbnail; empty for none.
        dpi: dots per inch, horizontally and vertically.
        xmp: the XMP packet.
        comment: of a JPEG or GIF.
        text: keywords and texts of a PNG.
        tagged: whether the file said what its colours mean, so that the picture will say that it is sRGB.
    """

    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    comment: bytes | None = None
    text: tuple[tuple[str, str], ...] = ()
    tagged: bool = False


def metadata_of(image: Image.Image, size: tuple[int, int], turned: bool, tagged: bool) -> Metadata:
    """Collect the metadata.

    Args:
        image: loaded.
        size: width and height of the upright picture.
        turned: whether setting it upright exchanged its width and height.
        tagged: whether it came with a colour profile, or said that it is sRGB.
    """
    dpi = image.info.get("dpi")
    if dpi is not None:
        dpi = (float(dpi[0]), float(dpi[1]))
        dpi = dpi[::-1] if turned else dpi
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    comment = image.info.get("comment")
    text = getattr(image, "text", None) or {}
    return Metadata(
        exif=_exif(image, size, turned, tagged),
        dpi=dpi if dpi is not None and min(dpi) > 0 else None,
        xmp=XMP_ORIENTATION.sub(b"", xmp) if isinstance(xmp, bytes) else None,
        comment=comment.encode() if isinstance(comment, str) else comment,
        text=tuple((key, str(value)) for key, value in text.items() if key not in NOT_TEXT),
        tagged=tagged,
    )


def _exif(image: Image.Image, size: tuple[int, int], turned: bool, tagged: bool) -> bytes:
    source = image.getexif()
    stored_among_pixels = isinstance(image, TiffImagePlugin.TiffImageFile)
    kept = Image.Exif()
    for tag, value in source.items():
        if tag not in (ORIENTATION, EXIF, GPS) and (not stored_among_pixels or tag in DESCRIPTIONS):
            kept[tag] = value
    if turned and X_RESOLUTION in kept and Y_RESOLUTION in kept:
        kept[X_RESOLUTION], kept[Y_RESOLUTION] = kept[Y_RESOLUTION], kept[X_RESOLUTION]
    for directory in (EXIF, GPS):
        if details := dict(source.get_ifd(directory)):
            now = {PIXELS_WIDE: size[0], PIXELS_HIGH: size[1]} | ({COLOUR_SPACE: SRGB} if tagged else {})
            kept[directory] = details | {tag: value for tag, value in now.items() if tag in details}
    return kept.tobytes() if len(kept) else b""
