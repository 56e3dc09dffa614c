"""`python -m benchmarks SUITE`: measure a suite and write reports/benchmarks/SUITE.json and .md."""

import argparse
from pathlib import Path

import torch

from benchmarks import first_call, ops, report

SUITES = {"ops": (ops.run, first_call.notes)}
THREADS = 2


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line, run the suite, print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--output", type=Path, default=Path("reports/benchmarks"), help="folder of the results")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contender")
    parser.add_argument("--shrink", type=int, default=1, help="divide the sides of all images, for a quick trial")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(THREADS)
    run, notes = SUITES[chosen.suite]
    path = report.write(chosen.suite, run(chosen.rounds, chosen.shrink), notes(), chosen.output)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
