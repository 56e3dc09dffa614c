"""Full resolution: tiles beside the whole picture, and a hundred megapixels within two gibibytes."""

import math
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import large
from benchmarks.harness import Limit, Row, interleaved
from benchmarks.painter import PIPELINE, painter
from benchmarks.photographs import squares, starter, write_large
from colorlib.data.photos import decode
from colorlib.inference import Colorizer, Photograph
from colorlib.inference.tiles import Axis, plan_axis
from colorlib.inference.tiling import chosen_overlap
from colorlib.models import MobileLite, save_pretrained

VAST = (10000, 10000)  # pixels
MOST_VAST = 2048  # MiB
PHOTOGRAPHS = 2
ENLARGED = 4  # times; the bundled photographs are small, and it takes several tiles to meet
TILE = 512  # pixels
MOST_APART, MOST_APART_MEAN = 0.5, 0.05  # Lab units
MOST_DEVIATIONS = 2.0
WAYS = {  # overlap, and whether there is a global pass
    "without the global pass": (None, False),
    "with it": (None, True),
    "without overlap": (0, False),  # what a seam looks like
}
WINDOW = 2  # samples on each side of a border


class Seam(NamedTuple):
    """How steep ab is where one tile gives way to the next.

    Attributes:
        ratio: mean step of ab there, by that at the same distance from each other elsewhere.
        deviations: how far that is from what it is elsewhere, in standard deviations over all other places.
    """

    ratio: float
    deviations: float


def borders(axis: Axis, stride: int) -> list[int]:
    """The samples of the picture from which on another tile counts most."""
    most = np.zeros((len(axis.origins), (axis.origins[-1] + axis.length) // stride), np.float32)
    for row, origin, shares in zip(most, axis.origins, axis.shares, strict=True):
        row[origin // stride : (origin + axis.length) // stride] = shares
    return [int(sample) for sample in np.flatnonzero(np.diff(most.argmax(axis=0))) + 1]


def seam(ab: NDArray[np.float32], places: list[int]) -> Seam:
    """Compare the steps of ab (2×H×W) across the columns before `places` with those across the columns elsewhere.

    Elsewhere is the same pattern of columns moved sideways, by up to half the smallest distance of two borders.
    """
    steps = np.linalg.norm(np.diff(ab, axis=2), axis=0).mean(axis=0)  # (W - 1,)
    apart = min([b - a for a, b in pairwise(places)] or [len(steps) // 2])

    def at(shift: int) -> float:
        columns = [p - 1 + shift + near for p in places for near in range(-WINDOW, WINDOW + 1)]
        inside = [column for column in columns if 0 <= column < len(steps)]
        return float(steps[inside].mean()) if inside else math.nan

    moved = [at(shift) for shift in range(-apart // 2, apart // 2 + 1) if abs(shift) > WINDOW]
    others = [value for value in moved if not math.isnan(value)]
    return Seam(at(0) / statistics.fmean(others), (at(0) - statistics.fmean(others)) / statistics.stdev(others))


def seams(
    colorizer: Colorizer, photograph: Photograph, tile: int, overlap: int | None, global_pass: bool
) -> list[Seam]:
    """The seams between tiles, across the picture and down."""
    ab = colorizer.analyse(photograph, tile, overlap, global_pass).ab().values.numpy()
    model = colorizer.model
    margin = colorizer.margin
    shared = chosen_overlap(tile, margin) if overlap is None else overlap
    width, height = photograph.size
    down, across = (plan_axis(size, tile, shared, margin, model.multiple, model.stride) for size in (height, width))
    return [seam(ab, borders(across, model.stride)), seam(ab.transpose(0, 2, 1), borders(down, model.stride))]


def apart(colorizer: Colorizer, photograph: Photograph, tile: int, overlap: int | None = None) -> NDArray[np.float32]:
    """How far ab of tiles is from ab of the whole picture at full resolution, without the global pass: 2×h×w."""
    tiled = colorizer.analyse(photograph, tile, overlap, global_pass=False).ab().values
    whole = colorizer.analyse(photograph, max(photograph.size), global_pass=False).ab().values
    difference: NDArray[np.float32] = (tiled - whole).abs().numpy()
    return difference


def enlarged(count: int, factor: int) -> list[Photograph]:
    """Bundled photographs, bicubically enlarged."""
    pictures = [decode(path) for path in starter(count)]
    sizes = [(image.width * factor, image.height * factor) for image in pictures]
    return [
        Photograph.from_pil(image.resize(size, Image.Resampling.BICUBIC))
        for image, size in zip(pictures, sizes, strict=True)
    ]


def tiles_row(rounds: int, shrink: int) -> Row:
    """The trained networks in tiles beside the same networks on whole photographs, in float32."""
    tile = TILE // min(shrink, 4)
    if PIPELINE.is_dir():
        networks = {path.name: Colorizer.from_pretrained(path, "fp32") for path in sorted(PIPELINE.parent.iterdir())}
    else:
        networks = {"MobileLite": Colorizer(painter(MobileLite, squares(8, 32)))}
    photographs = enlarged(PHOTOGRAPHS, max(1, ENLARGED // shrink))
    facts = {"photographs": f"{PHOTOGRAPHS}, of up to {max(max(photo.size) for photo in photographs)} pixels"}
    largest, means = [], []
    for name, colorizer in networks.items():
        differences = [apart(colorizer, photograph, tile) for photograph in photographs]
        largest.append(max(float(difference.max()) for difference in differences))
        means.append(statistics.fmean(float(difference.mean()) for difference in differences))
        facts[name] = f"sees {colorizer.margin} pixels far; differs by {largest[-1]:.3f}, in the mean {means[-1]:.4f}"
    limits = [
        Limit("largest difference of a or b, ab units", max(largest), MOST_APART),
        Limit("mean difference, ab units", max(means), MOST_APART_MEAN),
    ]
    main = networks.get(PIPELINE.name) or networks["MobileLite"]
    for how, (overlap, together) in WAYS.items():
        found = [one for photograph in photographs for one in seams(main, photograph, tile, overlap, together)]
        deviation = statistics.fmean(one.deviations for one in found)
        what = f"steps of ab between tiles beside those elsewhere, {how}"
        if overlap is None:
            limits.append(Limit(what, deviation, MOST_DEVIATIONS, "standard deviations"))
        facts[what] = f"{statistics.fmean(one.ratio for one in found):.2f} times, {deviation:+.1f} standard deviations"
    first = photographs[0]
    times = interleaved(
        {
            "ours": lambda: main.analyse(first, tile, global_pass=False).ab(),
            "whole": lambda: main.analyse(first, max(first.size), global_pass=False).ab(),
        },
        min(rounds, 2),
        turn=0,
    )
    facts["seconds"] = f"{times['ours'] / 1e3:.2f} in tiles, {times['whole'] / 1e3:.2f} at once"
    return Row(f"tiles of {tile} beside the whole picture, trained networks", times, [], facts, limits)


def vast_row(_rounds: int, shrink: int) -> Row:
    """A hundred megapixels from file to file, in processes of its own; the memory above libraries and weights."""
    size = (VAST[0] // shrink, VAST[1] // shrink)
    with tempfile.TemporaryDirectory() as name:
        source, weights = Path(name) / "vast.jpg", Path(name) / "weights"
        write_large(source, size)
        save_pretrained(painter(MobileLite, squares(8, 128 // min(shrink, 4))), weights, size=256)
        found = {way: large.in_child(way, weights, source, Path(name) / f"{way}.jpg") for way in ("ours", "tiled")}
    words = {"ours": "as released", "tiled": "at full resolution in tiles"}
    limits = [
        Limit(f"memory above interpreter, libraries and weights, {words[way]}", outcome.extra, MOST_VAST, "MiB")
        for way, outcome in found.items()
    ]
    facts = {f"seconds, {words[way]}": f"{outcome.seconds:.1f}" for way, outcome in found.items()}
    times = {way: 1e3 * outcome.seconds for way, outcome in found.items()}
    return Row(f"{size[0]}×{size[1]} JPEG to JPEG, MobileLite", times, [], facts, limits)
