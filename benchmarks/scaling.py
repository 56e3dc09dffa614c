"""`python -m benchmarks.scaling`: the stages of the pipeline by one process and by two.

Every stage runs as the pipeline runs it (`Workers`), on photographs of ImageNet's size: on few, and on many. What the
others take beyond the few is free of what a process costs to start (imports, tables, the model). The time on the clock
wants a machine that does nothing else: the load that others made is printed. The processor time of all processes
together says what the second process costs, whatever else runs.
"""

import argparse
import contextlib
import io
import itertools
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.scale import SIDE, photographs
from colorlib.data.manifest import Photo, Split
from colorlib.data.prepared import prepare
from colorlib.data.shard import ShardSettings
from colorlib.data.shards import write_shards
from colorlib.models import MobileLite, save_pretrained
from colorlib.ops.grid import Grid
from colorlib.pipeline import evaluate
from colorlib.pipeline import statistics as counting
from colorlib.pipeline.paths import PREPARED
from colorlib.pipeline.workers import Workers

COUNTS = (1, 2)  # processes
FEW = 64  # photographs: two pieces of work for each process, in each split
MODEL = {"MobileLite": Path("model")}
PER_SHARD = 16  # small shards, so that there are some for each process


@dataclass(frozen=True)
class Time:
    """One call: seconds on the clock, and of processor time in this process and those it started."""

    clock: float
    processor: float


def timed(call: Callable[[], object]) -> Time:
    """Call and measure."""
    clock, processor = time.perf_counter(), processor_time()
    call()
    return Time(time.perf_counter() - clock, processor_time() - processor)


def processor_time() -> float:
    """Seconds, of this process and of those it started that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@dataclass(frozen=True)
class Stage:
    """What is measured: a call for some of the photographs, and the share of them that it goes through."""

    name: str
    share: float
    call: Callable[[Workers, int], object]


def stages(place: Path, photos: tuple[Photo, ...]) -> tuple[Stage, ...]:
    """The stages in the project's folder `place`, which is the current one; the first make what the others read."""
    turns = itertools.count()
    grids = (Grid.paper(), Grid.full())

    def shards(workers: Workers, images: int) -> None:
        settings, files = ShardSettings(per_shard=PER_SHARD), ((photo.file, "") for photo in photos[:images])
        output = place / f"shards-{next(turns)}"
        write_shards(place / "in", output, settings, mapping=workers.map, files=files)

    def arrays(workers: Workers, images: int) -> None:
        prepare(photos[:images], place / "in", PREPARED, SIDE, apply=workers.map)

    return (
        Stage("prepare, shards", 1, shards),
        Stage("prepare, arrays", 1, arrays),
        Stage("statistics", 0.5, lambda workers, images: counting.count(images // 2 - 1, grids, workers)),
        Stage("evaluate, MobileLite", 0.5, lambda workers, n: evaluate.measure(MODEL, n // 2 - 1, grids[0], workers)),
    )


def measure(place: Path, images: int, rounds: int) -> dict[Stage, dict[int, Time]]:
    """The median times of each stage for `images` - `FEW` photographs, by the number of processes, which take turns."""
    splits: tuple[Split, ...] = ("train", "test")
    photos = tuple(
        replace(photo, split="val" if number == 0 else splits[number % 2])
        for number, photo in enumerate(photographs(place / "in", images))
    )
    torch.manual_seed(0)
    found: dict[Stage, dict[int, Time]] = {}
    with contextlib.chdir(place), contextlib.redirect_stdout(io.StringIO()):  # the stages' progress
        save_pretrained(MobileLite(q=313, grid="paper"), MODEL["MobileLite"])
        for stage in stages(place, photos):
            times: dict[int, list[Time]] = {count: [] for count in COUNTS}
            for _ in range(rounds):
                for count in COUNTS:
                    few, many = (timed(partial(stage.call, Workers(count), n)) for n in (FEW, images))
                    times[count].append(Time(many.clock - few.clock, many.processor - few.processor))
            found[stage] = {count: median(several) for count, several in times.items()}
    return found


def median(times: list[Time]) -> Time:
    """Of clock and processor time each."""
    return Time(statistics.median(t.clock for t in times), statistics.median(t.processor for t in times))


def table(found: dict[Stage, dict[int, Time]], images: int) -> str:
    """One line a stage, for `images` photographs beyond the few."""
    lines = [
        "| stage | images/s, one process | images/s, two | times as fast | core-ms/image, one | two |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for stage, by in found.items():
        one, two = (by[count] for count in COUNTS)
        seen = images * stage.share
        lines.append(
            f"| {stage.name} | {seen / one.clock:.0f} | {seen / two.clock:.0f} | {one.clock / two.clock:.2f} "
            f"| {1e3 * one.processor / seen:.1f} | {1e3 * two.processor / seen:.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--images", type=int, default=512, help=f"photographs to measure with, {2 * FEW} or more")
    parser.add_argument("--rounds", type=int, default=3, help="turns of one and of two processes")
    chosen = parser.parse_args(arguments)
    if chosen.images < 2 * FEW or chosen.rounds < 1:
        parser.error(f"got {chosen.images} images and {chosen.rounds} rounds, expected at least {2 * FEW} and 1")
    torch.set_num_threads(1)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), chosen.images, chosen.rounds)
    print(table(found, chosen.images - FEW))
    print(f"\n{os.cpu_count()} cores; load before and after: {before:.1f}, {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
