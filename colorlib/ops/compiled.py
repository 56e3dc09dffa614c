"""Compiled CPU loops: numba without its threading layer, which aborts the process after a fork or on concurrent calls.

Kernels release the GIL and get a range of pixels; `for_each_range` hands the ranges to plain threads. A kernel writes
each pixel on its own (or counts in integers), so that its result does not depend on the number of threads.

Modules of kernels are imported inside the functions that use them: importing numba takes a third of a second. Compiling
all kernels takes a few seconds, once for each machine and version: the machine code is kept in numba's cache, in
`__pycache__` or, where that cannot be written, in the user's cache folder, or nowhere.

Compiling leaves exceptions in cycles, whose frames hold on to all frames above them and so to the tensors of whoever
called: a first training step had 3 % more memory than the second. `for_each_range` has them collected at once.
"""

import gc
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any, ParamSpec, TypeVar

import numba
import torch
from numba.core import event

P = ParamSpec("P")
R = TypeVar("R")

PARTS_PER_THREAD = 4  # so that a thread that is held up leaves its share to the others


class _Leavings(event.Listener):
    """Whether anything was compiled since the last collection."""

    there = False

    def on_start(self, _: event.Event) -> None:
        """Nothing is left yet."""

    def on_end(self, _: event.Event) -> None:
        """The frames of this call are still running: they can be collected when it is over."""
        self.there = True

    def collect(self) -> None:
        """Let go of what compiling left, if it did."""
        if self.there:
            self.there = False
            gc.collect()


_leavings = _Leavings()
event.register("numba:compile", _leavings)  # type: ignore[no-untyped-call]


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel at its first call and cache the machine code where a folder can be written."""
    return _compile(function, set())


def compiled_in_any_order(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`; sums and maxima may be taken in any order, so that they are vectorised. Floats must be finite."""
    return _compile(function, {"reassoc", "contract", "nsz", "nnan"})


def _compile(function: Callable[P, R], fastmath: set[str]) -> Callable[P, R]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath or False}
    try:
        kernel: Callable[P, R] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no place for its cache
        kernel = numba.njit(**options)(function)
    return kernel


def for_each_range(function: Callable[[int, int], None], total: int, smallest: int) -> None:
    """Call function(start, stop) over ranges that cover 0..total, in as many threads as torch uses, this one included.

    Args:
        function: what to do with a range; must release the GIL to run beside others.
        total: end of the last range.
        smallest: least length of a range, below which another thread does not pay.
    """
    threads = torch.get_num_threads()
    parts = min(PARTS_PER_THREAD * threads, total // smallest)
    if threads == 1 or parts <= 1:
        function(0, total)
        _leavings.collect()
        return
    edges = [total * i // parts for i in range(parts + 1)]
    waiting = deque(pairwise(edges))

    def work() -> None:
        while (part := _take(waiting)) is not None:
            function(*part)

    helpers = [_pool(threads).submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:
        # On a busy machine a helper may not have begun by now: nothing is left for it, so it need not be waited for.
        for helper in helpers:
            if not helper.cancel():
                helper.result()
    _leavings.collect()


def _take(waiting: deque[tuple[int, int]]) -> tuple[int, int] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="colorlib")


# A forked child inherits the pool's object but none of its threads.
os.register_at_fork(after_in_child=_pool.cache_clear)
