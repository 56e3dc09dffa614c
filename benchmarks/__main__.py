"""`python -m benchmarks SUITE`: measure a suite and write reports/benchmarks/SUITE.json and .md."""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import audit, commands, first_call, inference, ops, report, train

SUITES = {
    "audit": (audit.run, audit.notes),
    "commands": (commands.run, commands.notes),
    "inference": (inference.run, inference.notes),
    "ops": (ops.run, first_call.notes),
    "train": (train.run, train.notes),
}
THREADS = 2
MOST_ROUNDS = 1000
MOST_SHRINK = 64  # the loss is measured on 64×64 logits


def whole(most: int) -> Callable[[str], int]:
    """Return the parser of a whole number from 1 to `most`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number from 1 to {most}")
        return int(text)

    return parse


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line, run the suite, print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--output", type=Path, default=Path("reports/benchmarks"), help="folder of the results")
    parser.add_argument("--rounds", type=whole(MOST_ROUNDS), default=9, help="turns of each contender")
    parser.add_argument(
        "--shrink", type=whole(MOST_SHRINK), default=1, help="divide the sides of all images, for a quick trial"
    )
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(THREADS)
    run, notes = SUITES[chosen.suite]
    path = report.write(chosen.suite, run(chosen.rounds, chosen.shrink), notes(), chosen.output)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
