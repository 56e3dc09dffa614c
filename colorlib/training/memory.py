"""Running out of memory in training: what is tried before giving up."""

import logging
import resource

import torch

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.models.resources import is_out_of_memory, release

__all__ = ["is_out_of_memory", "memory_in_use", "release", "retreat"]

logger = logging.getLogger(__name__)


def retreat(model: ColorNet, micro_batch: int, step: int) -> int:
    """Make the next attempt at a step smaller: half the micro-batch; at one image, recompute activations.

    The batch, its gradient's scale and the learning rate stay what they were. Batch norm sees the new micro-batches.

    Returns:
        The new micro-batch. `model.checkpointing` is set when there is nothing left to halve.

    Raises:
        ColorlibError: both are exhausted.
    """
    if micro_batch > 1:
        half = micro_batch - micro_batch // 2  # rounded up: the last halving is from 2 to 1
        logger.warning(
            "out of memory in step %d: micro-batch %d -> %d, gradients of more micro-batches are added up; the batch "
            "and the learning rate stay (train.micro_batch: %d would start like this)",
            *(step, micro_batch, half, half),
        )
        return half
    if not model.checkpointing:
        model.checkpointing = True
        logger.warning(
            "out of memory in step %d with one image at a time: activations are recomputed in the backward pass from "
            "now on (train.checkpointing: true would start like this)",
            step,
        )
        return 1
    raise ColorlibError(
        f"out of memory in step {step} with one image at a time and recomputed activations: lower train.crop, take "
        "train.model: mobilelite, train in a 16-bit precision, or use a machine with more memory"
    )


def memory_in_use(device: torch.device) -> int:
    """The most memory in bytes that this process has had so far: on the GPU, or resident on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
