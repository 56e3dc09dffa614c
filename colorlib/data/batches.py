"""Batches for training: shuffled, cropped and mirrored, all of it a function of the seed and the epoch alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from colorlib.data.prepared import Prepared
from colorlib.errors import ColorlibError


class TrainingBatches:
    """Random crops, mirrored at random (as released), in an order drawn anew each epoch.

    The draws of an epoch depend on (seed, epoch) only, so any epoch can be made again without those before it.

    Args:
        data: the training split.
        batch_size: images a batch; the last batch of an epoch may be smaller.
        crop: side of the crops in pixels.
        seed: of all draws.

    Raises:
        ColorlibError: the crop is larger than the images.
    """

    def __init__(self, data: Prepared, batch_size: int, crop: int, seed: int) -> None:
        size = data.images.shape[1]
        if crop > size:
            raise ColorlibError(
                f"train.crop is {crop}, larger than the prepared images ({size}): lower it or raise prepare.size"
            )
        self._data = data
        self._batch_size = batch_size
        self._crop = crop
        self._seed = seed

    def __len__(self) -> int:
        return -(-len(self._data) // self._batch_size)

    def epoch(self, number: int) -> Iterator[Tensor]:
        """Yield the batches of epoch `number` (from 0): uint8 sRGB, B×3×crop×crop."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + number)
        count, size = len(self._data), self._data.images.shape[1]
        order = torch.randperm(count, generator=generator)
        corners = torch.randint(0, size - self._crop + 1, (count, 2), generator=generator)
        mirrored = torch.rand(count, generator=generator) < 0.5
        for start in range(0, count, self._batch_size):
            rows = order[start : start + self._batch_size].tolist()
            crops = []
            for row, image in zip(rows, self._data.tensor(rows), strict=True):
                top, left = corners[row].tolist()
                crop = image[:, top : top + self._crop, left : left + self._crop]  # (3, crop, crop)
                crops.append(crop.flip(-1) if mirrored[row] else crop)
            yield torch.stack(crops)  # (B, 3, crop, crop)
