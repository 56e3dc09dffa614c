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


def test_a_jump_into_an_epoch_reads_nothing_before_it() -> None:
    data = numbered(10)
    batches = TrainingBatches(data, 3, 8, seed=1)
    whole = list(batches.epoch(2))
    read: list[int] = []
    original = Prepared.read

    class Watched(Prepared):
        def read(self, index: int) -> np.ndarray:  # type: ignore[type-arg]
            read.append(index)
            return original(self, index)

    rest = list(TrainingBatches(Watched(data.images, data.files), 3, 8, seed=1).epoch(2, start=2))
    assert [len(part) for part in rest] == [3, 1]
    assert all(torch.equal(one, other) for one, other in zip(rest, whole[2:], strict=True))
    assert len(read) == 4
    assert list(batches.epoch(2, start=4)) == []


@pytest.mark.parametrize("world", [2, 3, 4])
def test_ranks_share_the_same_global_batches(world: int) -> None:
    data = numbered(10)
    whole = list(TrainingBatches(data, 4, 8, seed=1).epoch(3))
    ranks = [TrainingBatches(data, 4, 8, seed=1, rank=rank, world=world) for rank in range(world)]
    parts = zip(*(rank.epoch(3) for rank in ranks), strict=True)
    for number, (batch, shares) in enumerate(zip(whole, parts, strict=True)):
        assert torch.equal(torch.cat(shares), batch)
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
        assert ranks[0].global_size(number) == len(batch)


def test_workers_change_nothing() -> None:
    data = numbered(10)
    torch.manual_seed(5)  # whatever the process draws has no part in it
    before = torch.get_rng_state()
    one, other = (list(TrainingBatches(data, 2, 8, seed=1, workers=count).epoch(1, 1)) for count in (0, 2))
    assert len(one) == 4
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_files_of_a_batch_are_those_in_it() -> None:
    data = numbered(10)
    for rank in range(2):
        batches = TrainingBatches(data, 4, 8, seed=1, rank=rank, world=2)
        for number, batch in enumerate(batches.epoch(5)):
            assert batches.files(5, number) == tuple(f"{red}.jpg" for red in batch[:, 0, 0, 0].tolist())


def test_the_fingerprint_follows_pixels_and_names() -> None:
    data = numbered(3)
    changed = data.images.copy()
    changed[2, 0, 0, 0] += 1
    prints = {
        TrainingBatches(Prepared(images, files), 1, 8, 0).fingerprint
        for images, files in ((data.images, data.files), (changed, data.files), (data.images, data.files[::-1]))
    }
    assert len(prints) == 3
    assert TrainingBatches(numbered(3), 2, 4, 1).fingerprint in prints
    assert TrainingBatches(data, 2, 8, 0).images == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank": 2, "world": 2}, "no rank 2 of 2"),
        ({"world": 3, "batch_size": 2}, "2 images cannot be shared by 3"),
        ({"workers": -1}, "-1 workers"),
    ],
)
def test_impossible_settings_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        TrainingBatches(numbered(4), **{"batch_size": 4, "crop": 8, "seed": 0, **arguments})


def test_a_batch_that_does_not_exist_is_refused() -> None:
    batches = TrainingBatches(numbered(4), 2, 8, 0)
    for call in (lambda: batches.files(0, 2), lambda: batches.global_size(-1), lambda: list(batches.epoch(0, 3))):
        with pytest.raises(ColorlibError, match="the batches 0 to 1, none with the number"):
            call()
