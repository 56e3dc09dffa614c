"""What code must know that can be rehearsed: whether a tensor has memory, and which device it stands for.

Code in torch operations need not ask. A kernel that reads memory itself (numba, NumPy, C) asks `pretended` and returns
an empty tensor of its result's shape; code that goes different ways on a CPU and on a GPU asks `device_type`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

# A build of torch without CUDA has no fake CUDA tensors that autograd could use: they stand in as CPU tensors.
_stands_for: ContextVar[str] = ContextVar("device that a rehearsal stands for", default="cpu")


def pretended(tensor: Tensor) -> bool:
    """Whether `tensor` has a shape and no memory, so that its values cannot be read."""
    return isinstance(tensor, FakeTensor)


def device_type(tensor: Tensor) -> str:
    """The type of the device that `tensor` is on, "cpu" or "cuda", or that the rehearsal of it stands for."""
    return _stands_for.get() if pretended(tensor) else tensor.device.type


@contextmanager
def standing_for(device: str) -> Iterator[None]:
    """Within, fake tensors stand for tensors on `device`."""
    token = _stands_for.set(device)
    try:
        yield
    finally:
        _stands_for.reset(token)
