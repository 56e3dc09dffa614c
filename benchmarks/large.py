"""One large photograph, file to file, in a process of its own: `python -m benchmarks.large WAY WEIGHTS SOURCE TARGET`.

Prints seconds and peaks of resident memory as JSON. Libraries, compiled code and weights are loaded, and a small
picture is colorized, before the clock starts: a person who waits for a large photograph waits for the work.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from PIL import Image

from benchmarks import released
from benchmarks.harness import STATUS, peak_extra_mebibytes
from colorlib.inference import Colorizer
from colorlib.inference.files import Options, colorize_file
from colorlib.models import from_pretrained

WAYS = ("ours", "released")


@dataclass(frozen=True)
class Outcome:
    """One run of a child.

    Attributes:
        seconds: from file to file.
        extra: MiB by which the peak rose above what the process held before.
        total: MiB of the peak, with interpreter, libraries and weights.
    """

    seconds: float
    extra: float
    total: float


def in_child(way: str, weights: Path, source: Path, target: Path) -> Outcome:
    """Run this program and read what it prints."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.large", way, *map(str, (weights, source, target))]
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def measure(work: Callable[[Path, Path], object], source: Path, target: Path) -> Outcome:
    """Do the work on a small picture, then measure it on `source`."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.jpg"
        Image.new("RGB", (320, 240), (90, 90, 90)).save(small)
        work(small, Path(folder) / "out.jpg")
    seconds = 0.0

    def timed() -> None:
        nonlocal seconds
        start = time.perf_counter()
        work(source, target)
        seconds = time.perf_counter() - start

    extra = peak_extra_mebibytes(timed, warm=False)
    return Outcome(seconds, extra, _peak_mebibytes())


def _peak_mebibytes() -> float:
    """The process's highest resident memory since `peak_extra_mebibytes` began to watch."""
    (line,) = [line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main(arguments: list[str] | None = None) -> None:
    """Colorize SOURCE into TARGET with the network in WEIGHTS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=(*WAYS, "tiled"))
    for name in ("weights", "source", "target"):
        parser.add_argument(name, type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.way != "released":
        colorizer = Colorizer.from_pretrained(chosen.weights)
        options = Options(tile="auto" if chosen.way == "tiled" else None)

        def work(source: Path, target: Path) -> None:
            colorize_file(colorizer, source, target, options)
    else:
        model = from_pretrained(chosen.weights).model.eval()

        def work(source: Path, target: Path) -> None:
            released.colorize_file(model, source, target)

    outcome = measure(work, chosen.source, chosen.target)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
