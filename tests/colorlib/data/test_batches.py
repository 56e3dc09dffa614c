import numpy as np
import pytest
import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.prepared import Prepared
from colorlib.errors import ColorlibError


def numbered(count: int, size: int = 16) -> Prepared:
    """Image i has red = i, and green and blue say where a pixel was."""
    images = np.zeros((count, size, size, 3), np.uint8)
    images[..., 0] = np.arange(count)[:, None, None]
    images[..., 1] = np.arange(size)[None, :, None]
    images[..., 2] = np.arange(size)[None, None, :]
    return Prepared(images, tuple(f"{i}.jpg" for i in range(count)))


def test_an_epoch_sees_every_image_once_in_another_order_each_time() -> None:
    batches = TrainingBatches(numbered(10), batch_size=4, crop=8, seed=1)
    orders = []
    for epoch in range(2):
        parts = list(batches.epoch(epoch))
        assert [len(part) for part in parts] == [4, 4, 2]
        orders.append(torch.cat(parts)[:, 0, 0, 0].tolist())
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert orders[0] != orders[1]
    assert len(batches) == 3


def test_crops_are_whole_pieces_mirrored_about_half_the_time() -> None:
    batches = TrainingBatches(numbered(64), batch_size=64, crop=8, seed=1)
    (crops,) = batches.epoch(0)
    assert crops.shape == (64, 3, 8, 8)
    steps_down = crops[:, 1, 1:, 0].int() - crops[:, 1, :-1, 0].int()
    steps_right = crops[:, 2, 0, 1:].int() - crops[:, 2, 0, :-1].int()
    assert bool((steps_down == 1).all())
    mirrored = (steps_right == -1).all(1)
    assert bool((mirrored | (steps_right == 1).all(1)).all())
    assert 16 < int(mirrored.sum()) < 48
    assert set(crops[:, 1, 0, 0].tolist()) == set(
        range(9)
    )  # every top row of a 16-pixel image that fits an 8-pixel crop


def test_an_epoch_depends_on_seed_and_number_only() -> None:
    data = numbered(10)
    one, other = TrainingBatches(data, 4, 8, seed=1), TrainingBatches(data, 4, 8, seed=1)
    list(one.epoch(0))
    assert torch.equal(torch.cat(list(one.epoch(3))), torch.cat(list(other.epoch(3))))
    assert not torch.equal(torch.cat(list(one.epoch(3))), torch.cat(list(TrainingBatches(data, 4, 8, seed=2).epoch(3))))


def test_a_crop_larger_than_the_images_is_refused() -> None:
    with pytest.raises(ColorlibError, match="crop is 17, larger than the prepared images"):
        TrainingBatches(numbered(2), 1, 17, 0)
