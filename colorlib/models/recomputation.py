"""Activation checkpointing that leaves a network with batch norm exactly as plain training would."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


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


def recompute(block: nn.Module, *inputs: Tensor) -> Tensor:
    """`block(*inputs)`, keeping only the inputs and running the block again in the backward pass.

    The second pass would count the batch twice in every running mean and variance; `frozen_statistics` prevents it.
    The blocks have no dropout, so the random state is not saved. Inputs must not be changed in place by the block.
    """

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), frozen_statistics(block)

    output: Tensor = checkpoint(block, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)
    return output
