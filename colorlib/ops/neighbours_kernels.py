"""The nearest bins of many pixels on a CPU, exact: a table narrows the search, the scores of `neighbours` decide.

The ab plane is cut into square cells. For each cell the table lists every bin that is among the k nearest of any point
of the cell. A bin is left out where k others are nearer at all four corners of the cell: scores are linear in ab, so
these are nearer everywhere in it. Points outside the table compare with all bins.

For the one nearest bin there is a shortcut: the bins lie on a lattice, and a lattice point that is a bin is the nearest
one of the whole square around it.
"""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from colorlib import params
from colorlib.ops.checks import working_dtype
from colorlib.ops.compiled import compiled, for_each_range
from colorlib.ops.memory import huge_page_empty
from footprint import pretended

Doubles = npt.NDArray[np.float64]
Reals = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOW, CELL, CELLS = -128.0, 4.0, 64  # the table covers ab from −128 to 128
STEP = float(params.GRID_STEP.value)
PER_STEP = 1 / STEP
SQUARES = 27  # lattice points from −130 to 130 in each direction, each with a square ±5 around it; no bin on the rim
BORDER = STEP * SQUARES / 2
MARGIN = 1e-3  # cells are taken larger by this, as rounding may put a point of the border into the neighbour
SLACK = 1e-6  # and scores count as different from here on
CELLS_AT_ONCE = 256
SMALLEST_RANGE = 8192  # pixels
COUNTED_AT_ONCE = 4096  # pixels; their squares stay in the nearest cache
SMALLEST_COUNT = 1 << 17  # pixels; counting is so fast that a second thread pays late


class Candidates(NamedTuple):
    """The bins and, for each cell, which of them to look at.

    Attributes:
        points: Q×2, the bins.
        norms: Q, |p|².
        offsets: where the list of each cell starts in `bins`; a last list, of all bins, serves points outside.
        bins: the lists, each ordered by distance from its cell's centre.
    """

    points: Doubles
    norms: Doubles
    offsets: Ints
    bins: Ints


def nearest(ab: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Return the nearest bin of every pixel of N×2×H×W on the CPU, as N×H×W int64."""
    planes, key = _planes(ab), _key(points)
    table, lists = squares(key), candidates(key, 1)
    indices = huge_page_empty((ab.shape[0], *ab.shape[2:]), torch.int64)  # N×H×W
    out = indices.numpy().reshape(len(planes), planes.shape[2])  # N×HW
    for image, row in zip(planes, out, strict=True):
        for_each_range(partial(nearest_range, image[0], image[1], table, lists, row), len(row), SMALLEST_RANGE)
    return indices


def histogram(ab: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Count the nearest bins of all pixels of N×2×H×W on the CPU, as Q int64."""
    planes, key = _planes(ab), _key(points)
    table, lists = squares(key), candidates(key, 1)
    counts = [np.zeros(len(points), np.int64)]

    def count(image: Reals, start: int, stop: int) -> None:
        # Each range counts on its own, so that threads do not disturb each other.
        own = np.zeros(len(points), np.int64)
        count_range(image[0], image[1], table, lists, own, start, stop)
        counts.append(own)

    for image in planes:
        for_each_range(partial(count, image), planes.shape[2], SMALLEST_COUNT)
    return torch.from_numpy(np.sum(counts, axis=0, dtype=np.int64))


def encode(ab: torch.Tensor, points: torch.Tensor, k: int, sigma: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return indices (int64) and Gaussian weights (dtype of `ab`) of the k nearest bins, N×k×H×W each, on the CPU."""
    shape = (len(ab), k, *ab.shape[2:])  # N×k×H×W
    if pretended(ab):
        return torch.empty(shape, dtype=torch.int64), torch.empty(shape, dtype=working_dtype(ab))
    planes = _planes(ab)
    n, _, pixels = planes.shape
    indices, weights = huge_page_empty(shape, torch.int64), huge_page_empty(shape, working_dtype(ab))
    # The scale has the precision of the weights and makes the kernel compute in it.
    scale = planes.dtype.type(1 / (2 * sigma**2))
    lists = candidates(_key(points), k)
    outputs = (tensor.numpy().reshape(n, k, pixels) for tensor in (indices, weights))
    for image, index_planes, weight_planes in zip(planes, *outputs, strict=True):
        fill = partial(encode_range, image[0], image[1], lists, scale, index_planes, weight_planes)
        for_each_range(fill, pixels, SMALLEST_RANGE)
    return indices, weights


@lru_cache(maxsize=16)
def candidates(points: bytes, k: int) -> Candidates:
    """Build the table for the k nearest of these bins (Q×2 float32 as bytes); takes about a tenth of a second."""
    bins = np.frombuffer(points, np.float32).reshape(-1, 2).astype(np.float64)  # Q×2
    axis = LOW + CELL * (np.arange(CELLS) + 0.5)
    centres = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)  # CELLS²×2
    lists = [
        found
        for start in range(0, len(centres), CELLS_AT_ONCE)
        for found in _lists(bins, centres[start:][:CELLS_AT_ONCE], k)
    ]
    lists.append(np.arange(len(bins)))
    offsets = np.cumsum([0, *map(len, lists)])
    return Candidates(bins, (bins**2).sum(1), offsets, np.concatenate(lists).astype(np.int64))


@lru_cache(maxsize=4)
def squares(points: bytes) -> Ints:
    """Return the bin at every lattice point from −130 to 130, a before b, or −1 where there is none."""
    bins = np.frombuffer(points, np.float32).reshape(-1, 2)  # Q×2
    table = np.full((SQUARES, SQUARES), -1, np.int64)
    places = ((bins + BORDER) // STEP).astype(np.int64)
    table[places[:, 0], places[:, 1]] = np.arange(len(bins))
    return table.ravel()


def _lists(bins: Doubles, centres: Doubles, k: int) -> list[Ints]:
    half = CELL / 2 + MARGIN
    distances = np.hypot(*np.moveaxis(centres[:, None] - bins, 2, 0))  # C×Q
    order = np.argsort(distances, axis=1, kind="stable")
    ranked = np.take_along_axis(distances, order, axis=1)
    # From anywhere in the cell, the k nearest bins lie no farther from its centre than this.
    in_reach = ranked <= ranked[:, k - 1 : k] + 2 * half * np.sqrt(2) + SLACK
    most = int(in_reach.sum(1).max())
    order, in_reach = order[:, :most], in_reach[:, :most]
    corners = centres[:, None] + half * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])  # C×4×2
    near = bins[order]  # C×M×2
    scores = (near**2).sum(2)[..., None] - 2 * np.einsum("cmx,cvx->cmv", near, corners)  # C×M×4
    beaten_by = (scores[:, None] + SLACK < scores[:, :, None]).all(3).sum(2)  # C×M
    kept = in_reach & (beaten_by < k)
    return [found[mask] for found, mask in zip(order, kept, strict=True)]


def _key(points: torch.Tensor) -> bytes:
    return points.float().numpy().tobytes()


def _planes(ab: torch.Tensor) -> Reals:
    n, _, h, w = ab.shape
    planes: Reals = ab.detach().to(working_dtype(ab)).contiguous().numpy().reshape(n, 2, h * w)
    return planes


@compiled
def _cell(a: float, b: float) -> int:
    if LOW <= a < -LOW and LOW <= b < -LOW:
        # A value a hair below the end may round up to it.
        return min(int((a - LOW) / CELL), CELLS - 1) * CELLS + min(int((b - LOW) / CELL), CELLS - 1)
    return CELLS * CELLS


@compiled
def _square(a: float, b: float) -> int:
    return _place(a) * SQUARES + _place(b)


@compiled
def _place(value: float) -> int:
    inside = min(max(value, 1 - BORDER), BORDER - 1)  # what lies farther out belongs to the rim anyway
    place = int(np.int32((inside + BORDER) * PER_STEP))  # 32 bits convert in vectors
    start = STEP * place - BORDER
    # The product rounds; and what lies on a border belongs to the lower bin.
    return place - (inside <= start) + (inside > start + STEP)


@compiled
def _search(a: float, b: float, lists: Candidates) -> int:
    points, norms, offsets, bins = lists
    cell, closest, lowest = _cell(a, b), -1, np.inf
    for place in range(offsets[cell], offsets[cell + 1]):
        q = bins[place]
        score = norms[q] - 2 * (a * points[q, 0] + b * points[q, 1])
        if score < lowest or (score == lowest and q < closest):
            closest, lowest = q, score
    return closest


@compiled
def nearest_range(a: Reals, b: Reals, table: Ints, lists: Candidates, out: Ints, start: int, stop: int) -> None:
    """Write the nearest bin of the pixels start..stop."""
    for x in range(start, stop):
        va, vb = np.float64(a[x]), np.float64(b[x])
        closest = table[_square(va, vb)]
        out[x] = closest if closest >= 0 else _search(va, vb, lists)


@compiled
def count_range(a: Reals, b: Reals, table: Ints, lists: Candidates, counts: Ints, start: int, stop: int) -> None:
    """Add the pixels start..stop to the counts of their nearest bins: whole squares first, then what lies elsewhere."""
    places, of_squares = np.empty(COUNTED_AT_ONCE, np.int32), np.zeros(len(table), np.int64)
    for first in range(start, stop, COUNTED_AT_ONCE):
        many = min(COUNTED_AT_ONCE, stop - first)
        for x in range(many):  # apart from the counting, so that it is done in vectors
            places[x] = _square(np.float64(a[first + x]), np.float64(b[first + x]))
        for x in range(many):
            of_squares[places[x]] += 1
    elsewhere = 0
    for square in range(len(table)):
        if table[square] >= 0:
            counts[table[square]] += of_squares[square]
        else:
            elsewhere += of_squares[square]
    if elsewhere > 0:
        for x in range(start, stop):
            va, vb = np.float64(a[x]), np.float64(b[x])
            if table[_square(va, vb)] < 0:
                counts[_search(va, vb, lists)] += 1


@compiled
def encode_range(
    a: Reals,
    b: Reals,
    lists: Candidates,
    scale: "np.floating[Any]",
    indices: Ints,
    weights: Reals,
    start: int,
    stop: int,
) -> None:
    """Write the k nearest bins of the pixels start..stop, nearest first, and their weights; scale is 1/2σ²."""
    points, norms, offsets, bins = lists
    k = len(indices)
    scores, found = np.empty(k), np.empty(k, np.int64)
    for x in range(start, stop):
        va, vb = np.float64(a[x]), np.float64(b[x])
        cell = _cell(va, vb)
        count = 0
        for place in range(offsets[cell], offsets[cell + 1]):
            q = bins[place]
            score = norms[q] - 2 * (va * points[q, 0] + vb * points[q, 1])
            if count < k:
                rank = count
                count += 1
            elif score < scores[k - 1] or (score == scores[k - 1] and q < found[k - 1]):
                rank = k - 1
            else:
                continue
            while rank > 0 and (scores[rank - 1] > score or (scores[rank - 1] == score and found[rank - 1] > q)):
                scores[rank], found[rank] = scores[rank - 1], found[rank - 1]
                rank -= 1
            scores[rank], found[rank] = score, q
        total = scale / scale
        for i in range(k):
            indices[i, x] = found[i]
            if i > 0:
                weights[i, x] = np.exp(weights.dtype.type(scores[0] - scores[i]) * scale)
                total += weights[i, x]
        weights[0, x] = 1 / total
        for i in range(1, k):
            weights[i, x] /= total
