"""What `ImageSource` promises, for each kind of source."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.folder import open_folder
from colorlib.data.manifest import Photo
from colorlib.data.prepared import load_prepared, prepare
from colorlib.data.shard import ShardSettings
from colorlib.data.shard_source import open_shards
from colorlib.data.shards import write_shards
from colorlib.data.source import BatchSource, ImageSource

SIZE = 16


@pytest.fixture
def sources(tmp_path: Path, make_photo: Callable[..., Photo]) -> list[Callable[[], ImageSource]]:
    """The same four photographs, prepared, as a folder, and as shards."""
    photos = [make_photo(f"{number}.png", "train", seed=number) for number in range(4)]
    others = [make_photo(f"{split}.jpg", split, seed=9) for split in ("val", "test")]
    prepare(photos + others, tmp_path / "source", tmp_path / "prepared", SIZE)
    for photo in others:
        (tmp_path / "source" / photo.file).unlink()
    write_shards(tmp_path / "source", tmp_path / "shards", ShardSettings(size=None, per_shard=3))
    return [
        lambda: load_prepared(tmp_path / "prepared", "train"),
        lambda: open_folder(tmp_path / "source", SIZE),
        lambda: open_shards(tmp_path / "shards", SIZE),
    ]


def test_the_same_photograph_is_the_same_image_from_every_source(sources: list[Callable[[], ImageSource]]) -> None:
    for index in range(4):
        images = [opened().read(index) for opened in sources]
        assert images[0].shape == (SIZE, SIZE, 3)
        assert all(np.array_equal(images[0], image) for image in images[1:])


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_every_source_keeps_the_promises_of_the_interface(kind: int, sources: list[Callable[[], ImageSource]]) -> None:
    source, again = sources[kind](), sources[kind]()
    assert (len(source), source.size) == (4, SIZE)
    assert len({source.name(index) for index in range(4)}) == 4
    assert len(source.fingerprint) == 64
    assert source.fingerprint == again.fingerprint
    for batch_size in (1, 2, 3, 8):
        orders = [each.order(torch.Generator().manual_seed(5), batch_size) for each in (source, again)]
        assert torch.equal(*orders)
        assert sorted(orders[0].tolist()) == [0, 1, 2, 3]
    batches: BatchSource = TrainingBatches(source, 3, 8, seed=0)
    assert [batch.shape for batch in batches.epoch(0)] == [(3, 3, 8, 8), (1, 3, 8, 8)]
