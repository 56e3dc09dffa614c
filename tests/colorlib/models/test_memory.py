"""Peak memory of a training step, from every tensor's birth to its death."""

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from colorlib.models import ColorNet, MobileLite, PaperNet


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of every storage that an operation makes, until the storage is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.alive: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, torch.Tensor) and value.untyped_storage()._cdata not in self.alive:
                storage = value.untyped_storage()
                self.alive.add(storage._cdata)
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.free, storage._cdata, storage.nbytes())
        return result

    def free(self, key: int, size: int) -> None:
        self.alive.discard(key)
        self.now -= size


Objective = Callable[[torch.Tensor], torch.Tensor]


def dense_targets(logits: torch.Tensor) -> torch.Tensor:
    return -(torch.zeros_like(logits) * logits.log_softmax(1)).sum()


def logits_kept(logits: torch.Tensor) -> torch.Tensor:
    """As of the compiled loss: the backward pass needs the logits, and makes their gradient."""
    return logits.square().sum()


def peak(
    make: type[ColorNet], batch: int, side: int, mixed: bool = False, objective: Objective = torch.sum, **arguments: Any
) -> int:
    """Bytes at the peak of a step: weights, gradients, Adam's two moments, activations, the logits' gradient."""
    with PeakMemory() as memory:
        model = make(**arguments)
        moments = [torch.zeros_like(p) for p in model.parameters() for _ in range(2)]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
            output = model.logits(torch.rand(batch, 1, side, side))
        loss = objective(output)
        del output
        loss.backward()
    assert len(moments) == 2 * len(list(model.parameters()))
    return memory.peak


def fake_peak(make: type[ColorNet], batch: int, side: int, **arguments: Any) -> int:
    with FakeTensorMode():
        return peak(make, batch, side, **arguments)


def test_the_prediction_without_arithmetic_is_what_a_real_step_takes() -> None:
    assert fake_peak(MobileLite, 2, 64) == peak(MobileLite, 2, 64)


@pytest.mark.parametrize("mixed", [False, True])
def test_mobilelite_trains_in_two_fifths_of_papernets_memory(mixed: bool) -> None:
    light, paper = (fake_peak(make, 4, 256, mixed=mixed) for make in (MobileLite, PaperNet))
    assert paper > 16 * 32_235_385
    assert light <= 0.4 * paper


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
def test_checkpointing_lowers_the_peak(make: type[ColorNet]) -> None:
    assert fake_peak(make, 8, 256, checkpointing=True) < 0.8 * fake_peak(make, 8, 256)


def test_recomputing_in_bfloat16_takes_two_fifths_of_a_plain_loop_with_dense_targets() -> None:
    plain = fake_peak(PaperNet, 16, 256, objective=dense_targets)
    ours = fake_peak(PaperNet, 16, 256, mixed=True, checkpointing=True, objective=logits_kept)
    assert ours <= 0.4 * plain
