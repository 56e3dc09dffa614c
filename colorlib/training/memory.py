"""Running out of memory: how it is recognised, and what is tried before giving up."""

import gc
import logging
import resource

import torch

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet

logger = logging.getLogger(__name__)

# What torch says where it has no exception type of its own: the CPU's allocator, and libraries on the GPU.
WORDS = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory could not be had, on a GPU or a CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in WORDS)


def release(device: torch.device) -> None:
    """Give back what is no longer used, so that the next attempt starts from the least."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


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
