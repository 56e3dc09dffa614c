"""`python -m benchmarks.scale`: what one core does a second in each stage, and what that comes to for many images.

The cost of a stage is processor time (user + system, `getrusage`) an image, in one thread: unlike the time on the
clock it hardly depends on what else the machine does. The photographs are the bundled ones, enlarged to the size that
ImageNet's have on average and compressed as little, so that decoding costs what it would cost there.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from benchmarks.photographs import starter
from benchmarks.projection import ENTRY, SHARD, Cost, per_image, saturation, storage, together, training, work
from colorlib import params
from colorlib.data.manifest import Photo, Split
from colorlib.data.photos import decode
from colorlib.data.prepared import AT_ONCE, Piece, make_ready, prepare
from colorlib.data.shard import ShardSettings, ShardTask, make_shard
from colorlib.data.shard_source import open_shards
from colorlib.data.shards import write_shards
from colorlib.files import sha256_of
from colorlib.inference import Colorizer
from colorlib.inference.files import Options
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import find_jobs
from colorlib.models import MobileLite, save_pretrained
from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import smooth_prior
from colorlib.pipeline.folders import CHUNK
from colorlib.pipeline.rows import IMAGES, histograms, rows_of
from colorlib.pipeline.scoring import Task, score

PHOTO = (500, 375)  # pixels
QUALITY = 98  # of the JPEG files, colours at full resolution: enlarged photographs are compressed better than real ones
OTHERS: tuple[Split, ...] = ("train", "val")  # splits that must not be empty; all else is the test split
SIDE = params.IMAGE_SIZE.value


def processor_seconds(call: Callable[[], object]) -> float:
    """Seconds of processor time that a call takes in all threads of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    call()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def photographs(folder: Path, count: int) -> tuple[Photo, ...]:
    """Write `count` photographs of the size `PHOTO`, all of the test split."""
    folder.mkdir()
    sources = starter()
    listed = []
    for number in range(count):
        path = folder / f"{number:06d}.jpg"
        photo = decode(sources[number % len(sources)]).resize(PHOTO, Image.Resampling.BICUBIC)
        photo.save(path, quality=QUALITY, subsampling=0)
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
    rows = next(rows_of(place / "prepared", "test", min(count - len(others), IMAGES)))
    images = rows.stop - rows.start
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), place / "model")
    prior = smooth_prior(torch.ones(313), Grid.paper())
    colorizer = Colorizer.from_pretrained(place / "model", "fp32", "cpu")
    turns = iter(range(2))

    def colorize() -> None:
        jobs = find_jobs(place / "in", place / f"out-{next(turns)}", recursive=False)
        colorize_folder(colorizer, jobs, Options(), lambda _: None)

    def seconds(call: Callable[[], object], per: int) -> float:
        call()
        return processor_seconds(call) / per

    task = Task(place / "model", rows, prior)
    shards = seconds(lambda: make_shard(ShardTask(0, place / "in", names, settings)), count)
    arrays = seconds(lambda: make_ready(Piece(photos, place / "in", SIDE)), count)
    reading = seconds(lambda: [source.read(n) for n in range(count)], count)
    colorizing = seconds(colorize, count)
    pictures = sum(path.stat().st_size for path in (place / "out-1").iterdir()) / count
    return [
        Cost("prepare, shards", shards, original, stored, SHARD),
        Cost("prepare, arrays", arrays, original, square, AT_ONCE),
        # Arrays are measured, and reading a shard's image is added: at this size it is shards that are read.
        Cost("statistics", seconds(lambda: histograms(rows), images) + reading, stored, 0.0, IMAGES),
        Cost("reading for training", reading, stored, 0.0),
        Cost("evaluate, MobileLite", seconds(lambda: score(task), images) + reading, stored, 0.0, IMAGES),
        Cost("colorize, MobileLite", colorizing, original, pictures, CHUNK),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print all tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--images", type=int, default=64, help="photographs to measure with, 4 or more")
    chosen = parser.parse_args(arguments)
    if chosen.images < 4:
        parser.error(f"got {chosen.images} images, expected 4 or more")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), chosen.images)
    shards, arrays, _, reading, _, colorize = costs
    files = {
        "originals": shards.read,
        "shards": shards.written,
        "arrays": arrays.written,
        "pictures": colorize.written,
        "cache": ENTRY,
    }
    tables = per_image(costs), work(costs), storage(files), together(costs, files), saturation(costs)
    print(*tables, training(reading.seconds, shards.written), sep="\n\n")


if __name__ == "__main__":
    main()
