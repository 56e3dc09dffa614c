"""One photograph: verified against its manifest row, decoded, brought to the size the network sees."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from colorlib.data.greys import GreyScale, Numbers
from colorlib.data.manifest import Photo
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of

# What Pillow raises over files that are cut, changed or made with malice: a TIFF without dimensions is a TypeError.
DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, RuntimeError, EOFError, LookupError, ArithmeticError),
    *(struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning),
)


def load_photo(photo: Photo, folder: Path) -> Image.Image:
    """Open `folder / photo.file` as an upright RGB image, after checking that it is the file of the manifest.

    Raises:
        ColorlibError: the file is missing, is not the one that the manifest names, cannot be decoded whole, or has
            another size.
    """
    path = folder / photo.file
    verify(path, photo.sha256)
    image = decode(path)
    if image.size != (photo.width, photo.height):
        raise ColorlibError(f"{path} is {image.width}×{image.height}, the manifest says {photo.width}×{photo.height}")
    return image


def verify(path: Path, sha256: str) -> None:
    """Check that `path` is the file that a manifest lists with this SHA-256.

    Raises:
        ColorlibError: it is missing or another one.
    """
    if not path.is_file():
        raise ColorlibError(f"{path} is missing, though the manifest lists it: restore the file or remove its row")
    digest = sha256_of(path)
    if digest != sha256:
        raise ColorlibError(
            f"{path} is damaged or was changed: its sha256 is {digest[:12]}…, the manifest says {sha256[:12]}…; "
            "restore the file, or update the manifest if the change is meant"
        )


def decode(path: Path) -> Image.Image:
    """Read the image file at `path`, whole and upright (EXIF orientation applied), as 8-bit RGB.

    Raises:
        ColorlibError: not an image, truncated, larger than Pillow's limit for decompression bombs, or of a mode that
            `to_rgb` refuses.
    """
    with reading(path), warnings.catch_warnings(), Image.open(path) as image:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image.load()
        return to_rgb(image)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever Pillow raises over the file at `path` into one sentence that names it and the reason.

    Raises:
        ColorlibError: in place of the block's error.
    """
    try:
        yield
    except ColorlibError as error:
        raise ColorlibError(f"{path}: {error}") from error
    except FileNotFoundError:
        what = "the link leads nowhere" if path.is_symlink() else "there is no such file"
        raise ColorlibError(f"{path}: {what}") from None
    except UnidentifiedImageError:
        raise ColorlibError(f"{path} is not an image that can be read (JPEG, PNG, TIFF, WebP, …)") from None
    except MemoryError:
        raise ColorlibError(f"{path} cannot be decoded: it needs more memory than there is") from None
    except DAMAGED as error:
        if isinstance(error, OSError) and error.strerror:  # the system's and not Pillow's
            raise ColorlibError(f"{path} cannot be read: {error.strerror}") from error
        raise ColorlibError(f"{path} cannot be decoded: {str(error) or type(error).__name__}") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """A PIL image of any mode as 8-bit RGB, upright (EXIF orientation applied).

    Greyscale of 16 bits (modes I;16, I;16B, I) is scaled, 65535 to 255, unless no value exceeds 255: Pillow itself
    would clip it to white. A TIFF whose 0 is white is inverted. Transparency is dropped.

    Raises:
        ColorlibError: not a PIL image, or one whose numbers have no known range (mode F, or I beyond 16 bits).
    """
    if not isinstance(image, Image.Image):
        raise ColorlibError(f"expected a PIL image, got {type(image).__name__}: convert an array by Image.fromarray")
    if image.mode == "F":
        raise ColorlibError("a picture of mode F has no known range: scale it to [0, 255], make it mode L")
    upright = ImageOps.exif_transpose(image)
    if image.mode == "La":  # which Pillow converts to nothing else
        upright = upright.convert("LA")
    if image.mode.startswith("I"):
        return Image.fromarray(_in_8_bits(np.asarray(upright), GreyScale.of(image))).convert("RGB")
    return upright.convert("RGB")


def resize_to_square(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """Scale so that the short side is `size` (Lanczos) and cut the middle square.

    Shape: `size`×`size`×3, uint8. The aspect ratio is kept; nothing is squeezed.
    """
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    scaled = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    left, top = (width - size) // 2, (height - size) // 2
    return np.asarray(scaled.crop((left, top, left + size, top + size)))


def to_tensor(image: Image.Image) -> Tensor:
    """A PIL image of any mode as uint8 sRGB, 1×3×H×W; converted, and refused, as by `to_rgb`."""
    pixels = torch.from_numpy(np.array(to_rgb(image)))  # (H, W, 3)
    return pixels.permute(2, 0, 1)[None]  # (1, 3, H, W)


def _in_8_bits(values: Numbers, scale: GreyScale) -> NDArray[np.uint8]:
    _, high = scale.limits(values)
    if high <= 255:
        return scale.numbers(values).astype(np.uint8)
    return ((scale.levels(values) + 128) // 257).astype(np.uint8)  # 65535 = 255 · 257, rounded to the nearest
