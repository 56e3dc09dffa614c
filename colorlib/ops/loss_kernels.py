"""Normalisers and gradients of the soft cross-entropy on a CPU: each logit is read once and written once.

Tiles of pixels are copied into a buffer that stays in the cache, whatever the memory order (N×Q×H×W or channels last)
and whether the logits are float32 or bfloat16; the arithmetic is float32.
"""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from colorlib.ops.compiled import compiled, for_each_range
from colorlib.ops.memory import huge_page_empty_like
from footprint import pretended

Floats = npt.NDArray[np.float32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.int32]
Stored = npt.NDArray[np.int32] | npt.NDArray[np.int16]  # the bits of float32, or of bfloat16

TILE = 64  # pixels
SMALLEST_RANGE = 4  # tiles

# exp(x) = 2ⁿ exp(r) with x = n ln 2 + r; ln 2 in two parts, of which the first has few bits; Taylor series of exp(r).
LOWEST = np.float32(-87)  # exp of less is nothing beside a sum of at least 1
LOG2_E = np.float32(1 / np.log(2))
LN2_HIGH = np.float32(0.693359375)
LN2_LOW = np.float32(np.log(2) - 0.693359375)
HALF, ONE = np.float32(0.5), np.float32(1)
C3, C4, C5, C6, C7 = (np.float32(1 / factorial) for factorial in (6, 24, 120, 720, 5040))
EXPONENT_BIAS, EXPONENT_SHIFT = np.int32(127), np.int32(23)


def normaliser(logits: torch.Tensor) -> torch.Tensor:
    """Return logsumexp over the bins of N×Q×H×W logits, as N×H×W float32."""
    n, _, h, w = logits.shape
    out = torch.empty((n, h, w))
    if pretended(logits):
        return out
    tiles = -(-h * w // TILE)
    fill = partial(normaliser_range, _stored(logits), out.numpy().reshape(n, h * w), tiles)
    for_each_range(fill, n * tiles, SMALLEST_RANGE)
    return out


def gradient(
    logits: torch.Tensor, normalisers: torch.Tensor, indices: torch.Tensor, entries: torch.Tensor, mass: torch.Tensor
) -> torch.Tensor:
    """Return mass · softmax(logits) − entries scattered to indices, in the dtype and memory order of the logits.

    Args:
        logits: N×Q×H×W.
        normalisers: N×H×W float32, their logsumexp.
        indices: N×K×H×W int64.
        entries: N×K×H×W float32.
        mass: N×H×W float32.
    """
    if pretended(logits):
        return torch.empty_like(logits)
    n, _, h, w = logits.shape
    out = huge_page_empty_like(logits)
    tiles = -(-h * w // TILE)
    shift, places, minus, scale = (_flat(tensor) for tensor in (normalisers, indices, entries, mass))
    fill = partial(gradient_range, _stored(logits), shift, places, minus, scale, _stored(out), tiles)
    for_each_range(fill, n * tiles, SMALLEST_RANGE)
    return out


def _flat(tensor: torch.Tensor) -> npt.NDArray[Any]:
    flat: npt.NDArray[Any] = tensor.contiguous().flatten(-2).numpy()
    return flat


def _stored(logits: torch.Tensor) -> Stored:
    bits = logits.detach().view(torch.int16 if logits.dtype == torch.bfloat16 else torch.int32)
    stored: Stored = bits.flatten(2).numpy()  # N×Q×HW, shares the logits' memory
    return stored


@compiled
def normaliser_range(logits: Stored, out: Floats, tiles: int, start: int, stop: int) -> None:
    """Write the logsumexp of the tiles start..stop, numbered through all images."""
    bins, pixels = logits.shape[1], logits.shape[2]
    tile = np.zeros((bins, TILE), np.float32)
    largest, sums = np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    power, rest = np.empty(TILE, np.int32), np.empty(TILE, np.float32)
    for number in range(start, stop):
        image, first = number // tiles, number % tiles * TILE
        width = min(TILE, pixels - first)
        _load(logits[image], first, width, tile)
        largest[:] = tile[0]
        for q in range(1, bins):
            for j in range(TILE):
                largest[j] = max(largest[j], tile[q, j])
        sums[:] = 0
        for q in range(bins):
            _exp(tile[q], largest, power, rest)
            for j in range(TILE):
                sums[j] += tile[q, j]
        for j in range(width):
            out[image, first + j] = largest[j] + np.log(sums[j])


@compiled
def gradient_range(
    logits: Stored,
    normalisers: Floats,
    indices: Longs,
    entries: Floats,
    mass: Floats,
    out: Stored,
    tiles: int,
    start: int,
    stop: int,
) -> None:
    """Write the gradient of the tiles start..stop, numbered through all images."""
    bins, pixels = logits.shape[1], logits.shape[2]
    tile = np.zeros((bins, TILE), np.float32)
    shift, scale = np.zeros(TILE, np.float32), np.zeros(TILE, np.float32)
    power, rest = np.empty(TILE, np.int32), np.empty(TILE, np.float32)
    for number in range(start, stop):
        image, first = number // tiles, number % tiles * TILE
        width = min(TILE, pixels - first)
        _load(logits[image], first, width, tile)
        shift[:width] = normalisers[image, first : first + width]
        scale[:width] = mass[image, first : first + width]
        for q in range(bins):
            _exp(tile[q], shift, power, rest)
            for j in range(TILE):
                tile[q, j] *= scale[j]
        for k in range(indices.shape[1]):
            for j in range(width):
                tile[indices[image, k, first + j], j] -= entries[image, k, first + j]
        _store(tile, out[image], first, width)


@compiled
def _exp(row: Floats, shift: Floats, power: Words, rest: Floats) -> None:
    """Replace a row by exp(row − shift), within 2 units of the last place for results that matter."""
    two_to_n = power.view(np.float32)
    for j in range(TILE):
        x = max(row[j] - shift[j], LOWEST)
        n = np.int32(x * LOG2_E - HALF)  # truncation of a negative number: rounds to the nearest
        rest[j] = (x - np.float32(n) * LN2_HIGH) - np.float32(n) * LN2_LOW
        power[j] = (n + EXPONENT_BIAS) << EXPONENT_SHIFT
    for j in range(TILE):
        r = rest[j]
        series = ((((C7 * r + C6) * r + C5) * r + C4) * r + C3) * r + HALF
        row[j] = ((series * r + ONE) * r + ONE) * two_to_n[j]


@compiled
def _load(image: Stored, first: int, width: int, tile: Floats) -> None:
    bits = tile.view(np.int32)
    shift = 32 - 8 * image.itemsize  # a bfloat16 is the upper half of a float32
    for q in range(len(tile)):
        for j in range(width):
            bits[q, j] = np.int32(image[q, first + j]) << shift


@compiled
def _store(tile: Floats, image: Stored, first: int, width: int) -> None:
    bits = tile.view(np.int32)
    whole = image.itemsize == 4
    for q in range(len(tile)):
        for j in range(width):
            word = bits[q, j]
            # To the nearest bfloat16, halves to the even one.
            image[q, first + j] = word if whole else (word + 0x7FFF + ((word >> 16) & 1)) >> 16
