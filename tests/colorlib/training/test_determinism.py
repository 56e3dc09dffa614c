import pytest
import torch

from colorlib.training.determinism import FILLING, deterministic


@pytest.mark.parametrize("before", [(False, False), (True, True)])
def test_algorithms_are_deterministic_within_and_all_is_as_before_afterwards(before: tuple[bool, bool]) -> None:
    def state() -> tuple[bool, bool, bool]:
        warned = torch.is_deterministic_algorithms_warn_only_enabled()
        return torch.are_deterministic_algorithms_enabled(), warned, FILLING.fill_uninitialized_memory

    torch.use_deterministic_algorithms(before[0], warn_only=before[1])
    try:
        with deterministic(torch.device("cpu")):
            assert state() == (True, False, False)
        with deterministic(torch.device("cuda")):
            assert state() == (True, True, False)
        assert state() == (*before, True)
    finally:
        torch.use_deterministic_algorithms(False)
