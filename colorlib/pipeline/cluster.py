"""Pieces of work on a Dask cluster: a few ahead of the one that is waited for, and words when no worker is left.

Dask alone waits for workers for ever, and says nothing.
"""

import ctypes
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from colorlib.errors import ColorlibError
from colorlib.pipeline.stage import errors

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # pieces that a worker is given beyond the one that is waited for; bounds the memory
PATIENCE = "15s"  # for a scheduler to answer
LOOK = 2.0  # seconds between two looks at the workers
SAID_AFTER = 10.0  # seconds without a worker, until it is said: one that is started anew takes some
GIVEN_UP_AFTER = "10 minutes"  # likewise, until the command ends; Dask's option says another time
MMAP_THRESHOLD, TRIM_THRESHOLD = (-3, 1 << 25), (-1, 1 << 28)  # of glibc's mallopt, and bytes
OPTION = "distributed.scheduler.no-workers-timeout"


class Cluster:
    """A Dask cluster that this process is connected to.

    Args:
        client: the connection.
        address: of the scheduler, as people know it.
        local: the cluster itself where it is one of this command's own processes.
    """

    def __init__(self, client: "Client", address: str, local: "LocalCluster | None" = None) -> None:
        import dask
        from dask.utils import parse_timedelta

        self._client = client
        self._address = address
        self._local = local
        self._workers, self._looked = 0, 0.0
        self._left_alone: float | None = None
        self._said = False
        self._words = str(dask.config.get(OPTION, None) or GIVEN_UP_AFTER)
        self._most = float(parse_timedelta(self._words))
        self._look()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield function(item) for each item, in order; items are taken as they are needed.

        Raises:
            ColorlibError: a piece raised it, several workers died of the same piece, no worker was there for ten
                minutes, or the scheduler went away.
        """
        waiting: deque[Future[Result]] = deque()
        work = partial(_on_worker, function)
        for item in items:
            waiting.append(self._client.submit(work, item, pure=False))
            if time.monotonic() - self._looked > LOOK:
                self._look()  # workers may have come since
            if len(waiting) > AHEAD * max(1, self._workers):
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    def grow(self, count: int) -> None:
        """Have `count` local processes at least."""
        if self._local is not None and count > len(self._local.workers):
            self._local.scale(count)  # type: ignore[no-untyped-call]

    def _result(self, future: "Future[Result]") -> Result:
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import NoWorkerError

        try:
            while True:
                try:
                    return future.result(timeout=LOOK)
                except TimeoutError:
                    if future.done():  # type: ignore[no-untyped-call]
                        return future.result()  # or raise it, if it is the piece's own
                    self._look()
        except KilledWorker as error:
            raise ColorlibError(f"a piece of work killed several workers, one after the other: {error}") from error
        except NoWorkerError as error:
            raise self._nobody() from error
        except (CancelledError, CommClosedError) as error:
            raise _gone() from error

    def _look(self) -> None:
        """Count the workers; say it when there are none any more, and when one has come."""
        now = time.monotonic()
        try:
            self._workers, self._looked = len(self._client.nthreads()), now  # type: ignore[no-untyped-call]
        except OSError as error:
            raise _gone() from error
        if self._workers:
            if self._said:
                errors.print("a Dask worker has come: going on", markup=False)
            self._left_alone, self._said = None, False
            return
        since = self._left_alone = now if self._left_alone is None else self._left_alone
        if now - since >= self._most:
            raise self._nobody()
        if now - since >= SAID_AFTER and not self._said:
            self._said = True
            errors.print(
                f"no Dask worker is left at {self._address}: going on when one comes (dask worker {self._address}); "
                f"without one the command ends after {self._words}",
                style="yellow",
                markup=False,
            )

    def _nobody(self) -> ColorlibError:
        return ColorlibError(
            f"no Dask worker was at {self._address} for {self._words}: start some (dask worker {self._address}), then "
            "the command again"
        )


def _on_worker(function: Callable[[Item], Result], item: Item) -> Result:
    _keep_memory()
    return function(item)


@lru_cache(maxsize=1)
def _keep_memory() -> None:
    """Let the C library keep what is freed for the next piece.

    Dask starts workers with MALLOC_TRIM_THRESHOLD_=65536, with which every tensor is memory that the system hands out
    afresh: `evaluate` then takes twice the processor time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's alone
    if mallopt is not None:
        for option, value in (MMAP_THRESHOLD, TRIM_THRESHOLD):
            mallopt(option, value)


def _gone() -> ColorlibError:
    return ColorlibError("the Dask scheduler went away: start it and its workers, then the command again")


def join(scheduler: str, stack: ExitStack) -> Cluster:
    """Connect to a scheduler, for as long as `stack` is open.

    Raises:
        ColorlibError: nothing answers there, it has no workers, or dask is not installed.
    """
    distributed = _dask()
    try:
        client = stack.enter_context(distributed.Client(scheduler, timeout=PATIENCE))
    except (OSError, ValueError) as error:
        raise ColorlibError(f"no Dask scheduler answers at {scheduler} within {PATIENCE}: {error}") from error
    if not client.nthreads():
        raise ColorlibError(f"the Dask scheduler at {scheduler} has no workers: start some (dask worker)")
    return Cluster(client, scheduler)


def start(count: int, stack: ExitStack) -> Cluster:
    """Start so many processes of this machine, for as long as `stack` is open.

    Raises:
        ColorlibError: dask is not installed.
    """
    distributed = _dask()
    local = stack.enter_context(
        distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    )
    return Cluster(stack.enter_context(distributed.Client(local)), local.scheduler_address, local)


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ColorlibError("several workers need dask: pip install 'colorful-colorization[distributed]'") from error
    return distributed
