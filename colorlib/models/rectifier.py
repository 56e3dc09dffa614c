"""A ReLU whose backward pass works in the memory of the gradient that it is given."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class InnerReLU(nn.ReLU):
    """max(x, 0), in place both ways; the values and gradients of `nn.ReLU`, bit for bit.

    torch's own makes a new tensor for the gradient. At full resolution that is a third of what the backward pass of
    the first block holds, and with checkpointing that block is where a training step needs most.

    Only for the inside of a block: the gradient that comes in must belong to nobody else, as that of a convolution or
    of batch norm does. A sum hands one gradient to all its terms: a ReLU that feeds one must be an `nn.ReLU`.
    Differentiable once.
    """

    def __init__(self) -> None:
        super().__init__(inplace=True)

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same, in the memory of the input."""
        if torch.is_grad_enabled() and input.requires_grad:
            output: Tensor = _ReLU.apply(input)  # type: ignore[no-untyped-call]
            return output
        return super().forward(input)


class _ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x.relu_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        gradient: Tensor = torch.ops.aten.threshold_backward.grad_input(upstream, y, 0, grad_input=upstream)
        return gradient
