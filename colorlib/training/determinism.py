"""The same arguments give the same bits: torch's deterministic algorithms, for the time of a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.utils.deterministic

FILLING: Any = torch.utils.deterministic  # a module with a switch, which torch's types do not know


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Within, torch takes deterministic algorithms only; what was set before comes back.

    Memory that an operation has not written yet stays as it is: filling it first, as torch does in this mode, is a
    twentieth of a training step and decides no result of an operation that writes what it returns.
    """
    before, warned = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = FILLING.fill_uninitialized_memory
    # Some CUDA operations have no deterministic form: there a warning, not a refusal to train.
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    FILLING.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
        FILLING.fill_uninitialized_memory = filled
