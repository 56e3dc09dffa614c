"""Work done by several processes. One that is killed, as for want of memory, costs what it was doing and no more."""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")
Numbered = Iterator[tuple[int, Result | None]]


def finished(tasks: Sequence[Callable[[], Result]], workers: int) -> Numbered[Result]:
    """(number, result) of each task, in the order in which they end; None of one whose process was killed.

    One process killed takes all the others with it, and nobody is told which of their tasks it was: what has no result
    by then is done again one after another, with the machine's memory to itself.
    """
    left = dict(enumerate(tasks))
    with suppress(BrokenProcessPool), pool(workers) as several:
        waiting = {several.submit(task): number for number, task in left.items()}
        for future in as_completed(waiting):
            result = future.result()
            del left[waiting[future]]
            yield waiting[future], result
    numbers = list(left)
    for place, again in one_by_one(list(left.values())):
        yield numbers[place], again


def one_by_one(tasks: Sequence[Callable[[], Result]]) -> Numbered[Result]:
    """As `finished`, in order and by one process, in whose place another comes when it is killed."""
    number = 0
    while number < len(tasks):
        with suppress(BrokenProcessPool), pool(1) as single:
            while number < len(tasks):
                result = single.submit(tasks[number]).result()
                yield number, result
                number += 1
        if number < len(tasks):
            yield number, None
            number += 1


def pool(workers: int) -> ProcessPoolExecutor:
    """Processes forked, where there is a choice: nothing of an audited tree is imported, and no thread was started."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method), initializer=gc.disable)
