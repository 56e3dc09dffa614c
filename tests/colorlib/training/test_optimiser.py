import pytest
import torch

from colorlib.training.optimiser import build_optimiser
from colorlib.training.settings import OptimiserSettings


def step(settings: OptimiserSettings | None, gradient: float) -> float:
    parameter = torch.nn.Parameter(torch.tensor([2.0]))
    optimiser = build_optimiser([parameter], settings)
    parameter.grad = torch.tensor([gradient])
    optimiser.step()
    return float(parameter.detach()) - 2.0


def test_the_default_is_the_papers_adam() -> None:
    group = build_optimiser([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (3e-5, (0.9, 0.99), 1e-3)


def test_coupled_decay_is_part_of_the_gradient() -> None:
    # The gradient −wd·θ cancels the decay exactly, so a coupled Adam stands still.
    assert step(OptimiserSettings(learning_rate=0.1, weight_decay=0.5), -1.0) == 0.0


def test_decoupled_decay_is_not() -> None:
    moved = step(OptimiserSettings(learning_rate=0.1, weight_decay=0.5, decoupled=True), -1.0)
    assert moved == pytest.approx(0.1 - 0.1 * 0.5 * 2.0)  # a full Adam step up, and the decay on its own
