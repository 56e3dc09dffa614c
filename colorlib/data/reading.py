"""Batches made ahead of their turn by other processes, and handed out in their order.

Processes, since Pillow holds Python's lock for about half of the time that a photograph takes. They are forked: nothing
has to be pickled on the way there, and a batch comes back through a pipe, not through /dev/shm, which containers keep
small.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from colorlib.errors import ColorlibError

Batch = NDArray[np.uint8]


class _Batches(Dataset[Batch | str]):
    """Batches by number; one that cannot be made is the sentence that says why."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make

    def __getitem__(self, number: int) -> Batch | str:
        try:
            return self._make(number)
        except ColorlibError as error:
            return str(error)


def read_ahead(make: Callable[[int], Batch], numbers: range, workers: int, seed: int) -> Iterator[Batch]:
    """Yield make(number) for each number, in order.

    Args:
        make: a batch by its number.
        numbers: of the batches.
        workers: processes; each has at most two batches in the making. 0 makes a batch when it is asked for.
        seed: worker i starts with the random states of torch, NumPy and Python that follow from (seed, i), and nothing
            is drawn in this process; for sources that draw when they read.

    Raises:
        ColorlibError: what `make` raised, or a worker died.
    """
    if workers == 0 or not numbers:
        yield from map(make, numbers)
        return
    loader = DataLoader(
        _Batches(make),
        batch_size=None,
        sampler=numbers,
        num_workers=min(workers, len(numbers)),
        collate_fn=_as_it_is,
        multiprocessing_context="fork",
        generator=torch.Generator().manual_seed(seed),
    )
    batches = iter(loader)
    while True:
        try:
            found = next(batches)
        except StopIteration:
            return
        except RuntimeError as error:
            raise ColorlibError(
                f"a process that reads photographs ended ({str(error).splitlines()[0]}): lower train.workers"
            ) from error
        if isinstance(found, str):
            raise ColorlibError(found)
        yield found


def _as_it_is(batch: Any) -> Any:
    return batch
