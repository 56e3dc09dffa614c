"""Answers where a rehearsed step asks for values that are not there.

A number read from a tensor is 0 (True for a bool), and a mask selects every element: the largest result that the step
can meet, which is what a prediction of a peak wants.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
from torch.utils._python_dispatch import TorchDispatchMode

from footprint.sizes import FootprintError

aten = torch.ops.aten


class NominalAnswers(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base class has no types
    """Placed above FakeTensorMode, answers what it cannot."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation on fake tensors, or answer for it."""
        try:
            return func(*args, **(kwargs or {}))
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            answer = ANSWERS.get(func)
            if answer is None:
                raise FootprintError(
                    f"Got {func} in a rehearsed step, whose result depends on values; expected operations whose shapes "
                    "do not: leave it out of the step, or ask footprint.pretended and return an empty tensor instead."
                ) from error
            return answer(*args)


def _number(tensor: Tensor) -> bool | int | float:
    if tensor.dtype == torch.bool:
        return True
    return 0.0 if tensor.is_floating_point() else 0


def _everywhere(mask: Tensor) -> list[Tensor]:
    count = mask.numel()
    return [torch.empty(count, dtype=torch.int64, device=mask.device) for _ in mask.shape]


def _index(values: Tensor, indices: list[Tensor | None]) -> Tensor:
    places: list[Tensor | None] = []
    for index in indices:
        masked = index is not None and index.dtype in (torch.bool, torch.uint8)
        places += _everywhere(index) if index is not None and masked else [index]
    result: Tensor = aten.index.Tensor(values, places)
    return result


def _nonzero(mask: Tensor) -> Tensor:
    return torch.empty((mask.numel(), mask.ndim), dtype=torch.int64, device=mask.device)


def _masked_select(values: Tensor, mask: Tensor) -> Tensor:
    return values.new_empty((values * mask).numel())


ANSWERS: dict[Any, Callable[..., Any]] = {
    aten._local_scalar_dense.default: _number,
    aten.index.Tensor: _index,
    aten.nonzero.default: _nonzero,
    aten.masked_select.default: _masked_select,
}
