"""Working on logits block by block, so that peak memory stays small however large the image."""

from collections.abc import Iterator

import torch

from footprint import device_type

# Logits worked on at a time: a few MiB, enough to pay for starting the threads; or as many as keep a GPU busy.
CPU_BLOCK = 1 << 21
GPU_BLOCK = 1 << 26


def pixel_blocks(logits: torch.Tensor) -> Iterator[tuple[slice, slice]]:
    """Yield ranges of images and of pixels that together cover N×Q×HW once, each of about a block's size.

    Args:
        logits: N×Q×H×W.
    """
    n, q = logits.shape[:2]
    pixels = logits.shape[2] * logits.shape[3]
    fitting = max(1, (CPU_BLOCK if device_type(logits) == "cpu" else GPU_BLOCK) // q)  # pixels
    images = max(1, fitting // max(1, pixels))
    for first in range(0, n, images):
        for start in range(0, pixels, fitting):
            yield slice(first, first + images), slice(start, start + fitting)
