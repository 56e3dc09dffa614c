import multiprocessing
import os
import random
import signal
from collections.abc import Callable

import numpy as np
import pytest
import torch

from colorlib.data.reading import Batch, read_ahead
from colorlib.errors import ColorlibError


def drawn(_number: int) -> Batch:
    """Of each generator that a process has."""
    values = [int(torch.randint(256, ())), np.random.randint(256), random.randrange(256)]  # noqa: NPY002
    return np.array(values, np.uint8)


def values_of(make: Callable[[int], Batch], workers: int = 2, seed: int = 1) -> list[list[int]]:
    return [batch.tolist() for batch in read_ahead(make, range(6), workers, seed)]


def test_batches_keep_their_order_though_the_first_is_ready_last() -> None:
    another = multiprocessing.get_context("fork").Event()

    def make(number: int) -> Batch:
        if number > 0:
            another.set()
        assert another.wait(60)
        return np.array([number], np.uint8)

    assert values_of(make) == [[0], [1], [2], [3], [4], [5]]


def test_each_worker_has_its_own_seed_and_the_process_itself_draws_nothing() -> None:
    before = (torch.get_rng_state().tolist(), random.getstate())
    first, again, other = values_of(drawn), values_of(drawn), values_of(drawn, seed=2)
    assert first == again
    assert first != other
    assert len({tuple(batch) for batch in first}) == 6
    assert (torch.get_rng_state().tolist(), random.getstate()) == before


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_a_worker_keeps_its_sentence(workers: int) -> None:
    def make(number: int) -> Batch:
        raise ColorlibError(f"{number}.jpg is damaged")

    with pytest.raises(ColorlibError, match=r"^0\.jpg is damaged$"):
        values_of(make, workers)


def test_a_worker_that_dies_is_one_sentence() -> None:
    def make(_number: int) -> Batch:
        os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros(0, np.uint8)

    with pytest.raises(ColorlibError, match=r"^a process that reads photographs ended \(.*\): lower train\.workers$"):
        values_of(make, 1)


def test_what_is_left_early_leaves_no_process_behind() -> None:
    batches = read_ahead(drawn, range(6), 2, 0)
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    batches.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_of_nothing_nothing_is_read() -> None:
    assert list(read_ahead(drawn, range(0), 2, 0)) == []
