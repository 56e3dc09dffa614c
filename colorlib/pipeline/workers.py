"""Work in pieces: in this process, in several local ones, or on a Dask cluster. The results are the same bytes.

A piece is a call of a function of a module (so that another process can import it) with one item. Results come in the
order of the items, and each piece computes in one thread, so that neither the number of workers nor a piece that is
done again after a worker's death can be seen in them.
"""

import argparse
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

import torch

from colorlib.errors import ColorlibError

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")

PIECES_A_PROCESS = 32  # with fewer, a process costs longer to start than it saves
SHARDS_A_PROCESS = 2  # likewise, of pieces that are a shard of a thousand images each
AHEAD = 4  # pieces that a worker is given beyond the one that is waited for; bounds the memory
PATIENCE = "15s"  # for a scheduler to answer
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
        """Yield function(item) for each item, in order.

        Args:
            function: of a module.
            items: taken as they are needed: there may be more than fit into memory.
            least: pieces that make it worth to start a process for them.

        Raises:
            ColorlibError: a piece raised it, nothing answers at the scheduler's address, dask is not installed,
                several workers died of the same piece, or the scheduler went away.
        """
        items, count = iter(items), self.count
        if self.scheduler is None and count == 0:
            cores = os.cpu_count() or 1
            first = list(islice(items, cores * least))
            items, count = chain(first, items), len(first) // least
        if self.scheduler is None and count <= 1:
            return (_in_one_thread(function, item) for item in items)
        return self._on_cluster(function, items, count)

    def _on_cluster(self, function: Callable[[Item], Result], items: Iterator[Item], count: int) -> Iterator[Result]:
        waiting: deque[Future[Result]] = deque()
        with _cluster(self.scheduler, count) as client:
            ahead = AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
            for item in items:
                waiting.append(client.submit(_in_one_thread, function, item, pure=False))
                if len(waiting) > ahead:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())


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


@contextmanager
def _cluster(scheduler: str | None, count: int) -> Iterator["Client"]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ColorlibError("several workers need dask: pip install 'colorful-colorization[distributed]'") from error
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=PATIENCE)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ColorlibError(f"no Dask scheduler answers at {scheduler} within {PATIENCE}: {error}") from error
        with client:
            if not client.scheduler_info(n_workers=-1)["workers"]:
                raise ColorlibError(f"the Dask scheduler at {scheduler} has no workers: start some (dask worker)")
            yield client
        return
    local = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    with local, Client(local) as client:  # type: ignore[no-untyped-call]
        yield client


def _result(future: "Future[Result]") -> Result:
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        return future.result()
    except KilledWorker as error:
        raise ColorlibError(f"a piece of work killed several workers, one after the other: {error}") from error
    except (CancelledError, CommClosedError) as error:
        raise ColorlibError("the Dask scheduler went away: start it and its workers, then the command again") from error


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
