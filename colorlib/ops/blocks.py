"""Working on logits block by block, so that intermediate values stay in the cache and peak memory stays small."""

from collections.abc import Iterator

import torch

# Logits worked on at a time: as many as stay in the second-level cache, or as keep a GPU busy.
CPU_BLOCK = 1 << 18
GPU_BLOCK = 1 << 26


def pixel_blocks(logits: torch.Tensor) -> Iterator[tuple[slice, slice]]:
    """Yield ranges of images and of pixels that together cover N×Q×HW once, each of about a block's size.

    Args:
        logits: N×Q×H×W.
    """
    n, q = logits.shape[:2]
    pixels = logits.shape[2] * logits.shape[3]
    fitting = max(1, (CPU_BLOCK if logits.device.type == "cpu" else GPU_BLOCK) // q)  # pixels
    images = max(1, fitting // max(1, pixels))
    for first in range(0, n, images):
        for start in range(0, pixels, fitting):
            yield slice(first, first + images), slice(start, start + fitting)
