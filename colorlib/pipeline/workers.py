"""Work in pieces: in this process, in several local ones, or on a Dask cluster. The results are the same bytes.

A piece is a call of a function of a module (so that another process can import it) with one item. Results come in the
order of the items, and each piece computes in one thread, so that neither the number of workers nor a piece that is
done again after a worker's death can be seen in them.
"""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TypeVar

import torch

from colorlib.pipeline.cluster import Cluster, join, start

Item = TypeVar("Item")
Result = TypeVar("Result")

PIECES_A_PROCESS = 32  # with fewer, a process costs longer to start than it saves
SHARDS_A_PROCESS = 2  # likewise, of pieces that are a shard of a thousand images each
WORKERS, SCHEDULER = "COLORLIB_WORKERS", "COLORLIB_SCHEDULER"


@dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes:
        count: local processes; 0 takes one for each core, or none but this one where the work is too little.
        scheduler: address of a Dask scheduler, such as tcp://host:8786, whose workers have this project installed and
            see the same files under the same paths; None works on this machine.
    """

    count: int = 0
    scheduler: str | None = None

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], least: int = PIECES_A_PROCESS
    ) -> Iterator[Result]:
        """What `Team.map` does, with a team for this alone."""
        with self.together() as team:
            yield from team.map(function, items, least)

    @contextmanager
    def together(self) -> Iterator["Team"]:
        """The workers for several maps: processes are started once, and end with the block."""
        with ExitStack() as stack:
            yield Team(self, stack)


class Team:
    """Workers in action; processes are started, or a scheduler is called, when the first work comes that needs them."""

    def __init__(self, workers: Workers, stack: ExitStack) -> None:
        self._chosen = workers
        self._stack = stack
        self._cluster: Cluster | None = None

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], least: int = PIECES_A_PROCESS
    ) -> Iterator[Result]:
        """Yield function(item) for each item, in order.

        Args:
            function: of a module.
            items: taken as they are needed: there may be more than fit into memory.
            least: pieces that make it worth to start a process for them.

        Raises:
            ColorlibError: a piece raised it, nothing answers at the scheduler's address, dask is not installed,
                several workers died of the same piece, no worker is left, or the scheduler went away.
        """
        items, count = iter(items), self._chosen.count
        if self._chosen.scheduler is None and count == 0:
            cores = os.cpu_count() or 1
            first = list(islice(items, cores * least))
            items, count = chain(first, items), len(first) // least
        work = partial(_in_one_thread, function)
        if self._chosen.scheduler is None and count <= 1:
            return map(work, items)
        return self._of(count).map(work, items)

    def _of(self, count: int) -> Cluster:
        if self._cluster is None:
            scheduler, stack = self._chosen.scheduler, self._stack
            self._cluster = start(count, stack) if scheduler is None else join(scheduler, stack)
        self._cluster.grow(count)
        return self._cluster


def chosen_workers(stage: str) -> Workers:
    """What the command line of a stage says, or else the environment (through which `dvc repro` can be told)."""
    parser = argparse.ArgumentParser(prog=f"python -m colorlib.pipeline.{stage}")
    parser.add_argument(
        "--workers",
        type=_whole,
        default=os.environ.get(WORKERS, "0"),
        metavar="N",
        help=f"local processes; 0 decides by the amount of work (default: {WORKERS}, or 0)",
    )
    parser.add_argument(
        "--scheduler",
        default=os.environ.get(SCHEDULER),
        metavar="ADDRESS",
        help=f"of a Dask scheduler, such as tcp://host:8786 (default: {SCHEDULER}, or none: this machine)",
    )
    chosen = parser.parse_args()
    return Workers(chosen.workers, chosen.scheduler)


HERE = Workers()  # as many local processes as pay


def _in_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(item)
    finally:
        torch.set_num_threads(threads)


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative")
    return value
