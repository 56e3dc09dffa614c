"""MKL's vector functions are called once by one thread before the package is used."""

import importlib

import pytest
import torch

import colorlib.ops
from colorlib.ops.vector_math import FUNCTIONS


def test_importing_the_operations_makes_the_first_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, torch.dtype, int]] = set()

    def watched(name: str) -> object:
        original = getattr(torch, name)

        def call(values: torch.Tensor) -> torch.Tensor:
            seen.add((name, values.dtype, values.numel()))
            result: torch.Tensor = original(values)
            return result

        return call

    for name in ("exp", "sqrt", "cos", "sin", "log"):  # what the library calls
        monkeypatch.setattr(torch, name, watched(name))
    importlib.reload(colorlib.ops)
    wanted = {
        (name, dtype, 1) for name in ("exp", "sqrt", "cos", "sin", "log") for dtype in (torch.float32, torch.float64)
    }
    assert seen == wanted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_is_defined_at_the_number_it_is_called_with(name: str) -> None:
    assert torch.isfinite(getattr(torch, name)(torch.tensor([0.5])))
