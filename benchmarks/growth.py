"""`python -m benchmarks.growth`: the memory of writing and reading shards as the number of images grows.

The trees are made of the bundled photographs: crops of 32×32 as JPEG files in folders of a thousand, of which one file
in 997 is torn and one in 64 is made grey (others are of themselves). Writing is a process of its own, which tells its
peak when it ends; of reading, what stays is counted in Python's and NumPy's allocations (`tracemalloc`), and what
opening and an epoch's order take in passing by how much the process's peak rises.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from benchmarks.harness import peak_extra_mebibytes
from benchmarks.photographs import starter
from colorlib.data.photos import decode
from colorlib.inference.jobs import find_jobs
from colorlib.pipeline.sources import Split, open_split

# The system's own figure (ru_maxrss) begins at the peak of the process that started this one.
SHARDS = """
import atexit
from benchmarks.harness import kibibytes
from colorlib.apps.cli import main
atexit.register(lambda: print(kibibytes("VmHWM")))
main()
"""
SIDE = 32  # pixels
MEMORY, TRAINERS = 64e9, 8  # bytes of a machine, and processes of a training on it
FOLDER, TORN, GREY = 1000, 997, 64


@dataclass(frozen=True)
class Written:
    """What a process that wrote shards said, and took: peak in KiB, seconds of processor time."""

    said: str
    peak: int
    seconds: float


def crops() -> Iterator[bytes]:
    """JPEG files of different crops, for ever."""
    photos = [decode(path) for path in starter(40)]
    generator = torch.Generator().manual_seed(0)
    number = 0
    while True:
        photo = photos[number % len(photos)]
        left, top = (int(torch.randint(side - SIDE, (1,), generator=generator)) for side in photo.size)
        crop: Image.Image = photo.crop((left, top, left + SIDE, top + SIDE))
        stream = io.BytesIO()
        (crop.convert("L") if number % GREY == 0 else crop).save(stream, "JPEG", quality=92)
        yield stream.getvalue()[: None if number % TORN else 100]
        number += 1


def grow(tree: Path, sizes: list[int]) -> Iterator[int]:
    """Add files to the tree until it has each of the sizes, in turn."""
    files = crops()
    done = 0
    for size in sizes:
        while done < size:
            folder = tree / f"{done // FOLDER:06d}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{done:09d}.jpg").write_bytes(next(files))
            done += 1
        yield size


def run(tree: Path, output: Path) -> Written:
    """`colorlib shards` in a process of its own."""
    command = [sys.executable, "-c", SHARDS, "shards", str(tree), str(output), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    *_, said, peak = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"colorlib shards ended with {os.waitstatus_to_exitcode(status)}")
    process.returncode = 0
    counted, _, damaged = said.partition(" -> ")
    words = f"{counted}, {damaged.partition('; ')[2].partition(',')[0]}"
    return Written(words, int(peak), usage.ru_utime + usage.ru_stime)


def reading(shards: Path, images: int) -> tuple[float, float]:
    """Bytes an image of a source for training, as it stands and at the peak of its opening and of an epoch's order."""

    def opened() -> Split:
        split = open_split(shards, SIDE, 1)
        split.train.order(torch.Generator().manual_seed(0), 40)
        return split

    peak = peak_extra_mebibytes(opened) * 2**20
    tracemalloc.start()
    try:
        split = opened()
        return tracemalloc.get_traced_memory()[0] / len(split.train), peak / images
    finally:
        tracemalloc.stop()


def listing(tree: Path) -> float:
    """Bytes a photograph that `colorlib colorize` lists."""
    tracemalloc.start()
    try:
        jobs = find_jobs(tree, tree.with_name("pictures"), recursive=True)
        return tracemalloc.get_traced_memory()[0] / len(jobs)
    finally:
        tracemalloc.stop()


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 10_000, 100_000], help="sizes of the tree")
    chosen = parser.parse_args(arguments)
    print(
        "| colorlib shards | peak, KiB | processor s | reading, B/image | opening, B/image | colorize's list, B/image |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for size in grow(place / "tree", sorted(chosen.images)):
            written = run(place / "tree", place / f"shards-{size}")
            stands, peak = reading(place / f"shards-{size}", size)
            line = f"| {written.said} | {written.peak:,} | {written.seconds:.1f} | {stands:.0f} | {peak:.0f}"
            print(f"{line} | {listing(place / 'tree'):.0f} |", flush=True)
    most = MEMORY / TRAINERS / peak / 1e6
    print(f"\n{MEMORY / 1e9:.0f} GB of memory are enough for {TRAINERS} trainers with {most:.0f} million images.")


if __name__ == "__main__":
    main()
