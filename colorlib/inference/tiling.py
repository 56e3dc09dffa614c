"""The network at full resolution in overlapping tiles, blended without seams and held together by a global pass."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.inference.engine import MemoryExhausted
from colorlib.inference.photograph import Photograph
from colorlib.inference.tiles import RAMP, Axis, plan_axis, rounded_up
from colorlib.models.base import ColorNet
from colorlib.ops.composition import AbMap
from colorlib.ops.lab import lightness_of

logger = logging.getLogger(__name__)

BATCH_PIXELS = 1 << 20  # of the tiles that run together, unless memory asks for fewer
CELLS = 4  # of the low-pass grid along a tile: what is coarser than that comes from the global pass
DISAGREEMENT = 15.0  # Lab units between a tile and the global pass, at which its details count half
MOST_OVERLAP = 0.75  # of a tile, where the overlap is chosen here: more would be mostly work done again

Predict = Callable[[Tensor], Tensor]  # L N×1×H×W -> ab N×2×h×w on the CPU
Progress = Callable[[int, int], None]  # tiles done, tiles in all


class Cancelled(ColorlibError):
    """The caller asked to stop."""


@dataclass(frozen=True)
class Tiling:
    """How to tile.

    Attributes:
        tile: the side of a tile in pixels.
        overlap: of neighbouring tiles in pixels; None is what the measured receptive field asks for.
        global_pass: whether the large-scale colours come from one look at the whole picture.
        batch: tiles that run together; None is about a megapixel of them.
    """

    tile: int
    overlap: int | None = None
    global_pass: bool = True
    batch: int | None = None


def chosen_overlap(tile: int, margin: int) -> int:
    """The overlap for a receptive field of `margin` pixels: what is cut off on both sides, and a ramp between."""
    wanted = 2 * margin + RAMP
    most = int(MOST_OVERLAP * tile)
    if wanted > most:
        logger.warning(
            "tiles of %d pixels are small for a network that sees %d pixels far: they overlap by %d instead of %d, and "
            "their colours differ a little from those of the whole picture",
            *(tile, margin, most, wanted),
        )
    return min(wanted, most)


def tiled_ab(
    photograph: Photograph,
    predict: Predict,
    model: ColorNet,
    tiling: Tiling,
    margin: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> AbMap:
    """Predict ab at full resolution; the colours of tiles are averaged with weights that sum to one.

    Args:
        photograph: of any size; small ones are one tile.
        predict: the network and its decoding.
        model: whose stride and padding the tiles follow.
        tiling: sizes.
        margin: the measured receptive field, as `measured_margin`.
        progress: called after each batch.
        cancelled: asked before each batch.

    Raises:
        Cancelled: `cancelled` said so.
        MemoryExhausted: one tile is too large for the memory.
    """
    width, height = photograph.size
    multiple, stride = model.multiple, model.stride
    overlap = tiling.overlap
    if overlap is None:
        overlap = chosen_overlap(tiling.tile, margin) if max(width, height) > tiling.tile else 0
    down = plan_axis(height, tiling.tile, overlap, margin, multiple, stride)
    across = plan_axis(width, tiling.tile, overlap, margin, multiple, stride)
    places = [(i, j) for i in range(len(down.origins)) for j in range(len(across.origins))]
    batch = tiling.batch or max(1, BATCH_PIXELS // (down.length * across.length))
    rows, columns = -(-height // stride), -(-width // stride)
    total = torch.zeros(2, rounded_up(height, multiple) // stride, rounded_up(width, multiple) // stride)
    done = 0
    for group in _batches(places, batch):
        if cancelled is not None and cancelled():
            raise Cancelled(f"stopped after {done} of {len(places)} tiles, nothing was written")
        lightness = torch.cat([_lightness(photograph, down, across, place) for place in group])
        for place, ab in zip(group, predict(lightness), strict=True):
            _add(total, ab, down, across, place, stride)
        done += len(group)
        if progress is not None:
            progress(done, len(places))
    return AbMap(total[:, :rows, :columns].contiguous(), stride, height, width)


def smaller(tiling: Tiling, model: ColorNet, margin: int) -> Tiling:
    """The same with tiles of half the side, for when memory runs out.

    Raises:
        MemoryExhausted: they cannot get smaller.
    """
    tile = tiling.tile // 2 // model.multiple * model.multiple
    if tile < 2 * model.multiple:
        raise MemoryExhausted(f"tiles of {tiling.tile} pixels cannot get smaller")
    logger.warning("out of memory with tiles of %d pixels: going on with %d", tiling.tile, tile)
    overlap = None if tiling.overlap is None else min(tiling.overlap, tile - model.multiple)
    if overlap is None and 2 * margin + RAMP > MOST_OVERLAP * tile:
        overlap = tile - model.multiple  # as much context as such a tile can have
    return Tiling(tile, overlap, tiling.global_pass, 1)


def held_together(tiles: AbMap, whole: AbMap, tile: int) -> AbMap:
    """Give the tiles' colours the large scale of the global pass: ab = low(whole) + (tiles − low(tiles)).

    Tiles see no more than their own part of the scene and drift in hue; what is larger than a quarter of a tile is
    therefore taken from the one look at the whole picture. low() averages over cells of that size, and is smooth
    between them. Cells are never finer than the global pass's own samples.

    Where the two disagree in the large, the tile has mistaken what it saw and its details are mistaken with it (the
    edge between two wrong colours would stay as a halo): there the global pass counts alone, by 1 / (1 + (d / 15)²) of
    the disagreement d.

    Args:
        tiles: at full resolution; its values are changed in place.
        whole: of the same scene, as the network sees it at its own size.
        tile: the side of a tile in pixels.
    """
    cell = max(1, tile // CELLS)
    grid = (
        min(-(-tiles.height // cell), whole.values.shape[1]),
        min(-(-tiles.width // cell), whole.values.shape[2]),
    )
    size = tiles.values.shape[1:]
    seen = whole.at(whole.height, whole.width)[None]  # (1, 2, H, W) of what the network saw
    shift = _smoothed(F.adaptive_avg_pool2d(seen, grid) - F.adaptive_avg_pool2d(tiles.values[None], grid))
    trust = 1 / (1 + shift.square().sum(1, keepdim=True) / DISAGREEMENT**2)  # (1, 1, *grid)
    tiles.values.add_(_enlarged(shift, size)).mul_(share := _enlarged(trust, size))
    tiles.values.add_(_enlarged(seen, size).mul_(1 - share))
    return tiles


def _enlarged(values: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(values, size, mode="bilinear", align_corners=False)[0]


def _smoothed(values: Tensor) -> Tensor:
    """A binomial average over 3×3 cells, so that no cell's border shows."""
    kernel = torch.tensor([1.0, 2.0, 1.0]) / 4
    weights = (kernel[:, None] * kernel).expand(2, 1, 3, 3)  # (2, 1, 3, 3)
    return F.conv2d(F.pad(values, (1, 1, 1, 1), mode="replicate"), weights, groups=2)


def _lightness(photograph: Photograph, down: Axis, across: Axis, place: tuple[int, int]) -> Tensor:
    """L of one tile, 1×1×length×length; beyond the picture its last row and column go on, as the network pads."""
    width, height = photograph.size
    top, left = down.origins[place[0]], across.origins[place[1]]
    bottom, right = min(top + down.length, height), min(left + across.length, width)
    lightness = lightness_of(photograph.crop((left, top, right, bottom)))  # (1, 1, h, w)
    missing = (0, left + across.length - right, 0, top + down.length - bottom)
    return F.pad(lightness, missing, mode="replicate") if any(missing) else lightness


def _add(total: Tensor, ab: Tensor, down: Axis, across: Axis, place: tuple[int, int], stride: int) -> None:
    i, j = place
    top, left = down.origins[i] // stride, across.origins[j] // stride
    shares = np.outer(down.shares[i], across.shares[j])
    part = total[:, top : top + ab.shape[1], left : left + ab.shape[2]]
    part.addcmul_(ab, torch.from_numpy(shares))


def _batches(places: list[tuple[int, int]], batch: int) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(places), batch):
        yield places[start : start + batch]
