"""Activation checkpointing that leaves a network with batch norm exactly as plain training would."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


@contextmanager
def frozen_statistics(block: nn.Module) -> Iterator[None]:
    """Batch norm inside `block` normalises by the batch as ever, and its running statistics stay untouched."""
    norms = [module for module in block.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        # Momentum 0 keeps the statistics to the bit. Taking them away instead would change the list of saved
        # tensors, which checkpointing compares between the two passes.
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, tracked) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, tracked


@contextmanager
def _second_pass(block: nn.Module) -> Iterator[None]:
    return_free_memory()
    with frozen_statistics(block):
        yield


def return_free_memory() -> None:
    """Give memory back to the system that glibc's allocator keeps for later; elsewhere nothing happens.

    Of a network's step it keeps some hundred MiB: gaps between weights, gradients and activations of like sizes.
    """
    trim = getattr(_C_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)


def recompute(block: nn.Module, *inputs: Tensor) -> Tensor:
    """`block(*inputs)`, keeping only the inputs and running the block again in the backward pass.

    The second pass would count the batch twice in every running mean and variance; `frozen_statistics` prevents it.
    Before it, memory that the allocator only keeps goes back to the system: the first block's second pass is the peak
    of a step, and what the later blocks left behind in pieces would come on top.
    The blocks have no dropout, so the random state is not saved. Inputs must not be changed in place by the block.
    """

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _second_pass(block)

    output: Tensor = checkpoint(block, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)
    return output
