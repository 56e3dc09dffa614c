"""`python -m benchmarks.scaling`: the stages of the pipeline by one process and by two.

Every stage runs as the pipeline runs it (`Workers`), on photographs of ImageNet's size. The time on the clock wants a
machine that does nothing else: the load that others made is printed. The processor time of all processes together
says what the second process costs, whatever else runs.
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
    """What is measured: a call, and the images that it goes through."""

    name: str
    images: int
    call: Callable[[Workers], object]


def stages(place: Path, photos: tuple[Photo, ...]) -> tuple[Stage, ...]:
    """The stages in the project's folder `place`, which is the current one; the first make what the others read."""
    turns = itertools.count()
    grids = (Grid.paper(), Grid.full())
    train, test = (sum(photo.split == split for photo in photos) for split in ("train", "test"))

    def shards(workers: Workers) -> None:
        settings = ShardSettings(per_shard=PER_SHARD)
        write_shards(place / "in", place / f"shards-{next(turns)}", settings, mapping=workers.map)

    def arrays(workers: Workers) -> None:
        prepare(photos, place / "in", PREPARED, SIDE, apply=workers.map)

    return (
        Stage("prepare, shards", len(photos), shards),
        Stage("prepare, arrays", len(photos), arrays),
        Stage("statistics", train, lambda workers: counting.count(train, grids, workers)),
        Stage("evaluate, MobileLite", test, lambda workers: evaluate.measure(MODEL, test, grids[0], workers)),
    )


def measure(place: Path, images: int, rounds: int) -> tuple[dict[Stage, dict[int, Time]], Time]:
    """The median times of each stage by the number of processes, which take turns, and the time to start two."""
    splits: tuple[Split, ...] = ("train", "test")
    photos = tuple(
        replace(photo, split="val" if number == 0 else splits[number % 2])
        for number, photo in enumerate(photographs(place / "in", images))
    )
    torch.manual_seed(0)
    found: dict[Stage, dict[int, Time]] = {}
    starts: list[Time] = []
    with contextlib.chdir(place), contextlib.redirect_stdout(io.StringIO()):  # the stages' progress
        save_pretrained(MobileLite(q=313, grid="paper"), MODEL["MobileLite"])
        for stage in stages(place, photos):
            times: dict[int, list[Time]] = {count: [] for count in COUNTS}
            for _ in range(rounds):
                for count in COUNTS:
                    times[count].append(timed(partial(stage.call, Workers(count))))
                starts.append(timed(lambda: list(Workers(COUNTS[-1]).map(abs, range(COUNTS[-1])))))
            found[stage] = {count: median(several) for count, several in times.items()}
    return found, median(starts)


def median(times: list[Time]) -> Time:
    """Of clock and processor time each."""
    return Time(statistics.median(t.clock for t in times), statistics.median(t.processor for t in times))


def table(found: dict[Stage, dict[int, Time]], start: Time) -> str:
    """One line a stage. The start of the processes is taken off where it says so: it does not grow with the images."""
    lines = [
        f"Two processes take {start.clock:.1f} s to start ({start.processor:.1f} s of processor time).",
        "",
        "| stage | images/s, one process | images/s, two, once started | times as fast | processor s, one | two |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for stage, by in found.items():
        one, two = (by[count] for count in COUNTS)
        clock, processor = two.clock - start.clock, two.processor - start.processor
        lines.append(
            f"| {stage.name} | {stage.images / one.clock:.0f} | {stage.images / clock:.0f} | {one.clock / clock:.2f} "
            f"| {one.processor:.1f} | {processor:.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--images", type=int, default=512, help="photographs to measure with, 32 or more")
    parser.add_argument("--rounds", type=int, default=3, help="turns of one and of two processes")
    chosen = parser.parse_args(arguments)
    if chosen.images < 32 or chosen.rounds < 1:
        parser.error(f"got {chosen.images} images and {chosen.rounds} rounds, expected at least 32 and 1")
    torch.set_num_threads(1)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        found, start = measure(Path(folder), chosen.images, chosen.rounds)
    print(table(found, start))
    print(f"\n{os.cpu_count()} cores; load before and after: {before:.1f}, {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
