"""`python -m benchmarks.scale`: what one core does a second in each stage, and what that comes to for many images.

The cost of a stage is processor time (user + system, `getrusage`) an image, in one thread: unlike the time on the
clock it hardly depends on what else the machine does. The photographs are the bundled ones, enlarged to the size that
ImageNet's have on average, so that decoding costs what it would cost there.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image

from benchmarks.inference import flops
from benchmarks.photographs import starter
from colorlib import params
from colorlib.data.manifest import Photo, Split
from colorlib.data.photos import decode
from colorlib.data.prepared import Piece, make_ready, prepare
from colorlib.data.shard import ShardSettings, ShardTask, make_shard
from colorlib.data.shard_source import open_shards
from colorlib.data.shards import write_shards
from colorlib.files import sha256_of
from colorlib.inference import Colorizer
from colorlib.inference.files import Options
from colorlib.inference.folder import colorize_folder, find_jobs
from colorlib.models import MobileLite, PaperNet, save_pretrained
from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import smooth_prior
from colorlib.pipeline.rows import look, rows_of
from colorlib.pipeline.scoring import Task, score

PHOTO = (500, 375)  # pixels
OTHERS: tuple[Split, ...] = ("train", "val")  # splits that must not be empty; all else is the test split
SIDE = params.IMAGE_SIZE.value
SCALES = {"1.3 M": 1_300_000, "1 G": 1_000_000_000}  # images
STEPS, BATCH, CROP = 450_000, 40, 176  # of the paper's training
BACKWARD = 3  # a backward pass costs twice a forward pass
PEAKS = {"A100, TF32": 156e12, "A100, bf16": 312e12, "H100 SXM, bf16": 989e12}  # dense, from the datasheets, FLOP/s
UTILISATION = (0.2, 0.4)  # of the peak, as convolutions reach it: assumed


@dataclass(frozen=True)
class Cost:
    """What one image costs in a stage.

    Attributes:
        stage: its name.
        seconds: of one core.
        read: bytes.
        written: bytes.
    """

    stage: str
    seconds: float
    read: float
    written: float


def processor_seconds(work: Callable[[], object]) -> float:
    """Seconds of processor time that a call takes in all threads of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def photographs(folder: Path, count: int) -> tuple[Photo, ...]:
    """Write `count` photographs of the size `PHOTO`, all of the test split."""
    folder.mkdir()
    sources = starter()
    listed = []
    for number in range(count):
        path = folder / f"{number:06d}.jpg"
        decode(sources[number % len(sources)]).resize(PHOTO, Image.Resampling.BICUBIC).save(path, quality=92)
        listed.append(Photo(path.name, sha256_of(path), *PHOTO, "test", str(number), "", "", ""))
    return tuple(listed)


def measure(place: Path, count: int) -> list[Cost]:
    """Every stage on `count` photographs, in the empty folder `place`; each is called once before it is measured."""
    photos = photographs(place / "in", count)
    names = tuple(photo.file for photo in photos)
    original = sum((place / "in" / name).stat().st_size for name in names) / count
    settings, square = ShardSettings(per_shard=count), float(3 * SIDE * SIDE)
    write_shards(place / "in", place / "shards", settings)
    shard = make_shard(ShardTask(0, place / "in", names, settings))
    stored = len(shard.blob) / len(shard.images)
    source = open_shards(place / "shards", SIDE)
    others = tuple(replace(photo, split=split) for photo, split in zip(photos, OTHERS, strict=False))
    prepare((*others, *photos[len(others) :]), place / "in", place / "prepared", SIDE)
    (rows, *_) = rows_of(place / "prepared", "test", min(count - len(others), 16))
    images = rows.stop - rows.start
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), place / "model")
    prior = smooth_prior(torch.ones(313), Grid.paper())
    colorizer = Colorizer.from_pretrained(place / "model", "fp32", "cpu")
    turns = iter(range(2))

    def colorize() -> None:
        jobs = find_jobs(place / "in", place / f"out-{next(turns)}", recursive=False)
        colorize_folder(colorizer, jobs, Options(), lambda _: None)

    def seconds(work: Callable[[], object], per: int) -> float:
        work()
        return processor_seconds(work) / per

    task = Task(place / "model", rows, prior)
    found = [
        Cost(
            "shards",
            seconds(lambda: make_shard(ShardTask(0, place / "in", names, settings)), count),
            original,
            stored,
        ),
        Cost("prepare", seconds(lambda: make_ready(Piece(photos, place / "in", SIDE)), count), original, square),
        Cost("statistics", seconds(lambda: look(rows), images), square, 0.0),
        Cost("reading for training", seconds(lambda: [source.read(n) for n in range(count)], count), stored, 0.0),
        Cost("evaluate, MobileLite", seconds(lambda: score(task), images), square, 0.0),
        Cost("colorize, MobileLite", seconds(colorize, count), original, 0.0),
    ]
    pictures = sum(path.stat().st_size for path in (place / "out-1").iterdir()) / count
    return [*found[:-1], Cost(found[-1].stage, found[-1].seconds, original, pictures)]


def table(costs: list[Cost]) -> str:
    """One line a stage: per image, and for each of `SCALES`."""
    scales = " | ".join(f"core-hours, {name}" for name in SCALES)
    lines = [f"| stage | core-ms/image | images/s a core | KB read | KB written | {scales} |"]
    lines.append("|---|" + "---:|" * (4 + len(SCALES)))
    for cost in costs:
        hours = " | ".join(f"{cost.seconds * images / 3600:,.1f}" for images in SCALES.values())
        line = f"| {cost.stage} | {1e3 * cost.seconds:.1f} | {1 / cost.seconds:.0f}"
        lines.append(f"{line} | {cost.read / 1e3:.0f} | {cost.written / 1e3:.0f} | {hours} |")
    return "\n".join(lines)


def training_table(reading: float) -> str:
    """The paper's training on one GPU, from the operations of a step; `reading` is core-seconds an image."""
    step = BACKWARD * BATCH * flops(PaperNet(grid="paper"), CROP, CROP)
    lines = [f"A step is {step / 1e12:.2f} TFLOP, the training {STEPS * step / 1e18:.2f} EFLOP.", ""]
    lines.append("| GPU | share of its peak | ms/step | images/s | cores that read | hours for the training |")
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, peak in PEAKS.items():
        for share in UTILISATION:
            seconds = step / (share * peak)
            rate = BATCH / seconds
            line = f"| {name} | {share:.0%} | {1e3 * seconds:.0f} | {rate:,.0f} | {rate * reading:.1f}"
            lines.append(f"{line} | {STEPS * seconds / 3600:.1f} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--images", type=int, default=64, help="photographs to measure with, 4 or more")
    chosen = parser.parse_args(arguments)
    if chosen.images < 4:
        parser.error(f"got {chosen.images} images, expected 4 or more")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), chosen.images)
    reading = next(cost.seconds for cost in costs if cost.stage == "reading for training")
    print(table(costs), training_table(reading), sep="\n\n")


if __name__ == "__main__":
    main()
