"""Module.to() in a rehearsal: torch swaps fake parameters, and refuses where anything refers to them weakly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn


@contextmanager
def modules_convert_in_place() -> Iterator[None]:
    """Within, `to`, `half`, `cpu` and the like give parameters new data, as they do with real ones."""
    with patch.object(nn.Module, "_apply", _convert):
        yield


def _convert(module: nn.Module, convert: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
    if recurse:
        for child in module.children():
            _convert(child, convert)
    with torch.no_grad():
        for parameter in module._parameters.values():
            if parameter is not None:
                parameter.data = convert(parameter.data)
                if parameter.grad is not None:
                    parameter.grad.data = convert(parameter.grad.data)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = convert(buffer)
    return module
