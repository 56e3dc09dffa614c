"""Colour profiles: what a file's numbers mean, brought to sRGB, in which L and ab are defined here."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

SAME = 1  # levels of 255: a profile that moves no colour by more is sRGB, whatever it is called
PROBES = 9  # levels of a channel that are tried to find that out


@lru_cache(maxsize=1)
def srgb() -> bytes:
    """The sRGB profile that is written into pictures whose original had one."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    # Bytes 24 to 35 of the header are the moment of creation: the same picture gives the same file.
    data = profile.tobytes()
    return data[:24] + bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) + data[36:]


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an image to sRGB by its profile; CMYK without one as Pillow does, Lab as D50.

    Args:
        image: of mode L, RGB, RGBA, CMYK or LAB.
        profile: the file's ICC profile, or None: the numbers are sRGB then.

    Returns:
        The image itself where the profile is sRGB in effect; otherwise a new one of mode RGB, or RGBA with the same
        alpha.

    Raises:
        ValueError: a profile that cannot be read or is for another kind of image.
    """
    if image.mode == "L" and profile is not None and _is_for_colours(profile):
        image = image.convert("RGB")  # greys are often left with the profile of the colours they were made from
    transform = transform_of(image.mode, profile)
    if transform is None:
        return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")
    return _apply(image, transform)


def transform_of(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """The transform from `mode` in `profile` to RGB (RGBA) in sRGB; None where none is needed.

    Raises:
        ValueError: as `to_srgb`.
    """
    if (profile is None and mode != "LAB") or (profile is not None and _is_srgb(mode, profile)):
        return None
    return _transform(mode, profile)


@lru_cache(maxsize=8)
def _is_srgb(mode: str, profile: bytes) -> bool:
    """Whether the profile is sRGB in effect; the photographs of a folder mostly have the same one.

    Raises:
        ValueError: as `to_srgb`.
    """
    return _changes_nothing(_transform(mode, profile), mode)


def _transform(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform:
    try:
        source = ImageCms.createProfile("LAB") if mode == "LAB" else ImageCms.ImageCmsProfile(BytesIO(profile or b""))
        target = "RGBA" if mode == "RGBA" else "RGB"
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, target)
    except (ImageCms.PyCMSError, OSError, TypeError) as error:
        raise ValueError(f"its colour profile cannot be used for a picture of mode {mode} ({error})") from error


def grey_curve(profile: bytes | None) -> NDArray[np.float64] | None:
    """What the 256 levels of a grey profile are in sRGB, 0 to 255; None where the profile changes nothing.

    Raises:
        ValueError: as `to_srgb`.
    """
    transform = transform_of("L", profile)
    if transform is None:
        return None
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    curve: NDArray[np.float64] = np.asarray(_apply(ramp, transform), dtype=np.float64)[0].mean(axis=1)
    return curve


def _apply(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    try:
        converted = ImageCms.applyTransform(image, transform)
    except ImageCms.PyCMSError as error:
        raise ValueError(f"its colour profile cannot be applied ({error})") from error
    assert converted is not None  # only a conversion in place returns nothing
    return converted


def _is_for_colours(profile: bytes) -> bool:
    return profile[16:20] == b"RGB "  # the colour space in an ICC header


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode not in ("L", "RGB", "RGBA"):
        return False
    levels = np.linspace(0, 255, PROBES).round().astype(np.uint8)
    probe = levels[None] if mode == "L" else np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    before = Image.fromarray(np.ascontiguousarray(probe))  # (1, levels³, 3)
    after = _apply(before.convert(mode), transform).convert("RGB")
    difference = np.asarray(before.convert("RGB"), dtype=int) - np.asarray(after, dtype=int)
    return bool(np.abs(difference).max() <= SAME)
