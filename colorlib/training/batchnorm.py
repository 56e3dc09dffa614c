"""Batch norm over all processes of a run: mean and variance of the whole batch, not of one process's part.

PyTorch's own `SyncBatchNorm` runs on GPUs only. This one is a few lines of plain tensor operations around two sums over
all processes, one in the forward and one in the backward pass, and runs wherever torch.distributed does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from colorlib.training.world import World


class _Normalise(torch.autograd.Function):
    """(x − μ) / √(σ² + ε) for x: N×C×H×W, with μ and σ² over the images and pixels of all processes.

    Returns the normalised x in its own dtype, and the statistics [count, μ, σ²] as (2·C + 1,) float64.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, epsilon: float, world: World) -> tuple[Tensor, Tensor]:
        channels, here = x.shape[1], x.numel() // x.shape[1]
        sums = torch.zeros(2 * channels + 1, dtype=torch.float64, device=x.device)  # [n, Σx, Σx²]
        if here:
            variance, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)  # (C,), (C,)
            first = mean.double()
            sums[0] = here
            sums[1 : channels + 1] = here * first
            sums[channels + 1 :] = here * (variance.double() + first.square())
        world.add_up(sums)
        count, mean = sums[0], sums[1 : channels + 1] / sums[0]
        variance = (sums[channels + 1 :] / count - mean.square()).clamp_min(0)
        centre, scale = _per_channel(mean), _per_channel((variance + epsilon).rsqrt())
        ctx.save_for_backward(x, centre, scale, count)
        ctx.world = world
        statistics = torch.cat((count[None], mean, variance))
        ctx.mark_non_differentiable(statistics)
        return ((x.float() - centre) * scale).to(x.dtype), statistics

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor, _statistics: Tensor) -> tuple[Tensor, None, None]:
        x, centre, scale, count = ctx.saved_tensors
        normal, g = (x.float() - centre) * scale, upstream.float()
        sums = torch.stack((g.sum((0, 2, 3)), (g * normal).sum((0, 2, 3)))).double()  # (2, C)
        means = ctx.world.add_up(sums) / count
        gradient = (g - _per_channel(means[0]) - normal * _per_channel(means[1])) * scale
        return gradient.to(x.dtype), None, None


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose batch is the one of all processes; the names and meaning of its weights are the same."""

    world: World

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W -> the same; N may be 0 on some of the processes."""
        if not self.training:
            return super().forward(x)
        normal, statistics = _Normalise.apply(x, self.eps, self.world)  # type: ignore[no-untyped-call]
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        if self.running_mean is not None and self.running_var is not None and self.momentum is not None:
            count, channels = statistics[0], self.num_features
            unbiased = statistics[channels + 1 :] * count / (count - 1).clamp_min(1)
            self.running_mean.lerp_(statistics[1 : channels + 1].to(self.running_mean), self.momentum)
            self.running_var.lerp_(unbiased.to(self.running_var), self.momentum)
        output: Tensor = normal
        if self.weight is not None and self.bias is not None:
            affine = normal.float() * _per_channel(self.weight) + _per_channel(self.bias)
            output = affine.to(x.dtype)
        return output


@contextmanager
def synchronised(model: nn.Module, world: World) -> Iterator[None]:
    """Every batch norm of `model` works over all processes of `world` for the time of the block."""
    norms = [module for module in model.modules() if type(module) is nn.BatchNorm2d] if world.size > 1 else []
    for norm in norms:
        norm.__class__ = SynchronisedBatchNorm2d  # keeps names, hooks and weights, which a new module would not
        norm.world = world  # type: ignore[assignment]
    try:
        yield
    finally:
        for norm in norms:
            norm.__class__ = nn.BatchNorm2d
            del norm.world


def _per_channel(values: Tensor) -> Tensor:
    return values.float().view(1, -1, 1, 1)  # (1, C, 1, 1)
