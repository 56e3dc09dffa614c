from types import SimpleNamespace

import pytest
import torch
from torch import nn

from footprint import FootprintError
from footprint.measure import cpu_peak, cuda_peak, highest, one_thread


def hold(size):
    def prepare():
        model = nn.Linear(10, 10, bias=False)
        torch.empty(10 * size)  # before the first step: not part of the peak

        def step():
            first = torch.empty(size, dtype=torch.uint8)
            second = torch.empty(2 * size, dtype=torch.uint8)
            del first
            third = torch.empty(size // 2, dtype=torch.uint8)
            return second.shape, third.shape

        return model, step

    return prepare


def test_the_allocators_record_gives_the_peak_after_preparation():
    assert cpu_peak(hold(1_000_000), iterations=1) == 400 + 3_000_000
    assert cpu_peak(hold(1_000_000), iterations=3) == 400 + 3_000_000


def test_blocks_of_an_earlier_profile_have_no_part_in_the_record():
    before_the_first_step = [(1, 700), (1, -700), (2, 100), None]
    assert highest(before_the_first_step) == 100
    # 9 was given out before the profile; the size is that of another block that an earlier profile saw there.
    assert highest([*before_the_first_step, (9, -5000), (3, 40), (2, -100), (4, 10)]) == 140
    assert highest([*before_the_first_step, (2, -5000), (2, 300)]) == 300
    # Another thread gave 2 back, which no profile sees; its address is given out again.
    assert highest([*before_the_first_step, (2, 300)]) == 300


def test_within_one_thread_and_afterwards_the_others_again():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_without_a_gpu_nothing_is_measured_on_one(monkeypatch):
    monkeypatch.setattr("footprint.measure.torch.cuda.is_available", lambda: False)
    with pytest.raises(FootprintError, match="no CUDA device"):
        cuda_peak(hold(10))


def test_a_gpu_is_asked_for_its_own_numbers(monkeypatch):
    calls = []
    monkeypatch.setattr("footprint.measure.torch.cuda", SimpleNamespace(
        is_available=lambda: True, empty_cache=lambda: calls.append("empty"), synchronize=lambda: calls.append("wait"),
        reset_peak_memory_stats=lambda: calls.append("reset"), max_memory_allocated=lambda: 100,
        max_memory_reserved=lambda: 120, mem_get_info=lambda: (700, 1000),
    ))  # fmt: skip

    def prepare():
        calls.append("prepare")
        return nn.Linear(1, 1), lambda: calls.append("step")

    found = cuda_peak(prepare)
    assert (found.allocated, found.reserved, found.device) == (100, 120, 300)
    assert calls == ["empty", "prepare", "reset", "step", "step", "wait"]
