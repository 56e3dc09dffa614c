"""How much memory a picture will take, before anything of its size is allocated; tiles and batches that fit a limit."""

import resource
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch

from colorlib.errors import ColorlibError
from colorlib.inference.deep import is_deep
from colorlib.inference.engine import Engine
from colorlib.inference.footprints import prediction
from colorlib.inference.metadata import ORIENTATION
from colorlib.inference.photograph import MAX_PIXELS, open_checked
from colorlib.inference.receptive_field import PROBE
from colorlib.inference.tiling import BATCH_PIXELS
from footprint import format_size, inference_peak, largest

FIXED = 96 << 20  # bytes: blocks of rows on their way, compiled loops, the codecs' buffers
AB_BYTES = 24  # a sample of the ab map: the map, its average with the global pass, one copy
SLACK = 2.4  # on the rehearsed peak: resident memory grew by 0.7–1.0 times that with PaperNet, 1.6–2.3 with MobileLite
LARGEST_TILE = 1024  # pixels; beyond it larger tiles save next to nothing

# Bytes a pixel while a file is decoded, coloured and encoded, by Pillow's mode: the decoded image, what it is converted
# into, and the result where it cannot be written over the image. Pillow keeps colours in 4 bytes a pixel.
BYTES = {"1": 6, "L": 5, "P": 9, "RGB": 4, "RGBA": 8, "LA": 12, "CMYK": 8, "YCbCr": 8, "LAB": 8}
DEEP_GREY, OTHERS = 12, 12
DEEP_COLOUR = 4  # the second image, with the low bytes
TURNED = 4  # a rotated copy
WEBP = 8  # its encoder holds the whole picture, twice


class Plan(NamedTuple):
    """What fits.

    Attributes:
        tile: the side of a tile in pixels; None is no tiles.
        batch: pictures or tiles that run together.
        peak: bytes of the process at the most, as predicted.
    """

    tile: int | None
    batch: int
    peak: int


def photograph_bytes(path: Path, target: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int, int]:
    """Width, height, and bytes that decoding, colouring and encoding the file take; from its header.

    Raises:
        ColorlibError: as `read_photograph`.
    """
    with open_checked(path, max_pixels) as image:
        per_pixel = DEEP_GREY if image.mode.startswith("I") else BYTES.get(image.mode, OTHERS)
        if image.mode in ("RGB", "RGBA") and is_deep(image):
            per_pixel += DEEP_COLOUR
        if image.getexif().get(ORIENTATION, 1) != 1:
            per_pixel += TURNED
        if target.suffix.lower() == ".webp":
            per_pixel += WEBP
        return image.width, image.height, image.width * image.height * per_pixel


def network_bytes(engine: Engine, batch: int, height: int, width: int) -> int:
    """Bytes that the network takes beyond its weights for such a batch; rehearsed on fake tensors by `footprint`."""
    config = tuple(sorted(engine.model.config.items()))
    return int(SLACK * _rehearsed(config, str(engine.device.type), engine.dtype, batch, height, width))


def probe_bytes(engine: Engine) -> int:
    """Bytes of the CPU's memory that measuring how far the network sees takes, in float32, which may need a copy."""
    exact = engine.device.type == "cpu" and engine.dtype == torch.float32
    copied = 0 if exact else 4 * sum(parameter.numel() for parameter in engine.model.parameters())
    config = tuple(sorted(engine.model.config.items()))
    return copied + int(SLACK * _rehearsed(config, "cpu", torch.float32, 1, *PROBE))


def tiled_bytes(engine: Engine, width: int, height: int) -> int:
    """Bytes that the colours of a picture take at full resolution."""
    stride = engine.model.stride
    return AB_BYTES * -(-width // stride) * -(-height // stride)


def largest_tile(engine: Engine) -> int:
    """The side in pixels of the largest tile that pays."""
    return LARGEST_TILE // engine.model.multiple * engine.model.multiple


def plan(
    engine: Engine,
    limit: int,
    size: tuple[int, int],
    decoded: int,
    tile: int | None,
    auto: bool,
    most: int,
    beside: Sequence[int] = (),
) -> Plan:
    """Choose the tile and the batch.

    Args:
        engine: what will run.
        limit: bytes that the process may come to, weights and interpreter included (on CUDA: bytes of the GPU that the
            batches may take).
        size: height and width of what the network is shown at once without tiles.
        decoded: bytes of the photographs that are held at the same time, as `photograph_bytes` says, and with tiles of
            their colours, as `tiled_bytes`.
        tile: the largest tile that is wanted; None for no tiles.
        auto: the tile may be up to the largest that pays.
        most: pictures that may run together.
        beside: with tiles, bytes of what else is run, one after the other.

    Raises:
        ColorlibError: the limit cannot be met; the message names the least that is possible.
    """
    multiple = engine.model.multiple
    upper = largest_tile(engine) if auto else (tile or 0) // multiple * multiple
    batch_of = (lambda side: max(1, BATCH_PIXELS // side**2)) if upper else (lambda _side: most)
    base = decoded + FIXED + (resident() if engine.device.type == "cpu" else 0)
    room = limit - base if engine.device.type == "cpu" else limit
    smallest = (2 * multiple, 2 * multiple) if upper else size
    least = max(network_bytes(engine, 1, *smallest), *beside, 0)
    if room < least:
        raise ColorlibError(
            f"the memory limit of {format_size(limit)} cannot be met: this picture needs at least "
            f"{format_size(limit - room + least)} with this network, {format_size(base - decoded - FIXED)} of them are "
            "in use already"
        )
    shape = size
    if upper:
        side = largest(lambda side: network_bytes(engine, 1, side, side), room, upper, multiple)
        shape = (side, side)
    one = network_bytes(engine, 1, *shape)
    batch = max(1, min(most, batch_of(shape[0]), room // one))
    return Plan(shape[0] if upper else None, batch, base + max(one * batch, least))


def resident() -> int:
    """Bytes of memory that the process holds now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@lru_cache(maxsize=256)
def _rehearsed(
    config: tuple[tuple[str, object], ...], device: str, dtype: torch.dtype, batch: int, height: int, width: int
) -> int:
    peak = inference_peak(prediction(dict(config), height, width, dtype, batch), device=device)
    return peak.total - peak.parameters
