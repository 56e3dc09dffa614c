"""`python -m benchmarks.scaling`: the stages of the pipeline in one process, on one worker of Dask, and on two.

Every stage runs as the pipeline runs it (`Workers`), on photographs of ImageNet's size. The workers are started, and
have done some work, before the clock starts: what a process costs to start is said apart. The time on the clock wants
a machine that does nothing else: the load that others made is printed. The processor time of all processes together
says what a second one costs, whatever else runs.
"""

import argparse
import contextlib
import io
import itertools
import logging
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from distributed import Client, LocalCluster

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

TEAMS = ("no Dask", "one worker", "two workers")
FEW = 64  # photographs of the first call, which loads tables and models: two pieces for each worker, in each split
MODEL = "model"  # its folder
PER_SHARD = 16  # small shards, so that there are many for each worker


@dataclass(frozen=True)
class Time:
    """One call: seconds on the clock, and of processor time in all processes."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Team:
    """Who works: `spent` tells the seconds of processor time of all its processes until now."""

    workers: Workers
    spent: Callable[[], float]

    def timed(self, call: Callable[[Workers], object]) -> Time:
        """Call and measure."""
        clock, processor = time.perf_counter(), self.spent()
        call(self.workers)
        return Time(time.perf_counter() - clock, self.spent() - processor)


def own_seconds() -> float:
    """Seconds of processor time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def teams() -> Iterator[tuple[dict[str, Team], Time]]:
    """One process alone, and running clusters of one and of two workers; what one worker's process cost to start."""
    alone, one, two = TEAMS
    found = {alone: Team(Workers(1), own_seconds)}
    with contextlib.ExitStack() as stack:
        began = time.perf_counter()
        for name, count in ((one, 1), (two, 2)):
            cluster = stack.enter_context(
                LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=count,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
            client = stack.enter_context(Client(cluster, set_as_default=False))  # type: ignore[no-untyped-call]

            def spent(client: Client = client) -> float:
                return own_seconds() + float(sum(client.run(own_seconds).values()))

            client.run(_import)
            if name == one:
                started = Time(time.perf_counter() - began, sum(client.run(own_seconds).values()))
            found[name] = Team(Workers(scheduler=cluster.scheduler_address), spent)
        yield found, started


def _import() -> None:
    import colorlib.pipeline.evaluate  # noqa: F401  # all that a stage needs


@dataclass(frozen=True)
class Stage:
    """What is measured: a call for some of the photographs, which tells how many of them it went through."""

    name: str
    call: Callable[[Workers, int], int]


def stages(place: Path, photos: tuple[Photo, ...]) -> tuple[Stage, ...]:
    """The stages in the project's folder `place`, which is the current one; the first make what the others read."""
    turns = itertools.count()
    grids = (Grid.paper(), Grid.full())

    def shards(workers: Workers, images: int) -> int:
        settings, files = ShardSettings(per_shard=PER_SHARD), ((photo.file, "") for photo in photos[:images])
        output = place / f"shards-{next(turns)}"
        return write_shards(place / "in", output, settings, mapping=workers.map, files=files).images

    def arrays(workers: Workers, images: int) -> int:
        prepare(photos[:images], place / "in", PREPARED, SIDE, apply=workers.map)
        return images

    def colours(workers: Workers, images: int) -> int:
        half = images // 2 - 1
        counting.count(half, grids, workers)
        return half

    def metrics(workers: Workers, images: int) -> int:
        half = images // 2 - 1
        evaluate.measure({"MobileLite": place / MODEL}, half, grids[0], workers)
        return half

    return (
        Stage("prepare, shards", shards),
        Stage("prepare, arrays", arrays),
        Stage("statistics", colours),
        Stage("evaluate, MobileLite", metrics),
    )


def measure(place: Path, images: int, rounds: int, who: dict[str, Team]) -> dict[str, dict[str, Time]]:
    """For each stage and team the median times of an image; the teams take turns."""
    splits: tuple[Split, ...] = ("train", "test")
    photos = tuple(
        replace(photo, split="val" if number == 0 else splits[number % 2])
        for number, photo in enumerate(photographs(place / "in", images))
    )
    torch.manual_seed(0)
    found: dict[str, dict[str, Time]] = {}
    with contextlib.chdir(place), contextlib.redirect_stdout(io.StringIO()):  # the stages' progress
        save_pretrained(MobileLite(q=313, grid="paper"), place / MODEL)
        for stage in stages(place, photos):
            for team in who.values():
                stage.call(team.workers, FEW)
            times: dict[str, list[Time]] = {name: [] for name in who}
            for _ in range(rounds):
                for name, team in who.items():
                    times[name].append(_each(stage, team, images))
            found[stage.name] = {name: median(several) for name, several in times.items()}
    return found


def _each(stage: Stage, team: Team, images: int) -> Time:
    seen = 0

    def call(workers: Workers) -> None:
        nonlocal seen
        seen = stage.call(workers, images)

    spent = team.timed(call)
    return Time(spent.clock / seen, spent.processor / seen)


def median(times: list[Time]) -> Time:
    """Of clock and processor time each."""
    return Time(statistics.median(t.clock for t in times), statistics.median(t.processor for t in times))


def table(found: dict[str, dict[str, Time]]) -> str:
    """One line a stage: images/s and core-ms/image of each team, and how many times as fast two workers are as one."""
    heads = "".join(f" images/s, {name} |" for name in TEAMS) + " two to one |"
    lines = [f"| stage |{heads}" + "".join(f" core-ms/image, {name} |" for name in TEAMS)]
    lines.append("|---|" + "---:|" * (2 * len(TEAMS) + 1))
    for stage, by in found.items():
        times = [by[name] for name in TEAMS]
        rates = "".join(f" {1 / each.clock:.0f} |" for each in times)
        cores = "".join(f" {1e3 * each.processor:.1f} |" for each in times)
        lines.append(f"| {stage} |{rates} {times[1].clock / times[2].clock:.2f} |{cores}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--images", type=int, default=512, help=f"photographs to measure with, {FEW} or more")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    chosen = parser.parse_args(arguments)
    if chosen.images < FEW or chosen.rounds < 1:
        parser.error(f"got {chosen.images} images and {chosen.rounds} rounds, expected at least {FEW} and 1")
    torch.set_num_threads(1)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, teams() as (who, started):
        found = measure(Path(folder), chosen.images, chosen.rounds, who)
    print(table(found))
    print(f"\nTo start a worker: {started.clock:.1f} s, {started.processor:.1f} s of processor time.")
    print(f"{os.cpu_count()} cores; load before and after: {before:.1f}, {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
