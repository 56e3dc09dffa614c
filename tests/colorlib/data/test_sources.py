from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.manifest import Photo
from colorlib.data.prepared import prepare
from colorlib.data.shard import ShardSettings
from colorlib.data.shards import write_shards
from colorlib.data.sources import SourceKind, open_source
from colorlib.errors import ColorlibError


@pytest.fixture
def places(tmp_path: Path, make_photo: Callable[..., Photo]) -> dict[str, Path]:
    photos = [make_photo("a.png", "train"), make_photo("b.png", "val", seed=1), make_photo("c.png", "test", seed=2)]
    prepare(photos, tmp_path / "source", tmp_path / "prepared", 16)
    write_shards(tmp_path / "source", tmp_path / "shards", ShardSettings(size=None))
    return {"prepared": tmp_path / "prepared", "folder": tmp_path / "source", "shards": tmp_path / "shards"}


def test_the_same_photograph_is_the_same_image_from_every_source(places: dict[str, Path]) -> None:
    images = [open_source(kind, path, 16).read(0) for kind, path in places.items()]  # type: ignore[arg-type]
    assert images[0].shape == (16, 16, 3)
    assert all(np.array_equal(images[0], image) for image in images[1:])


@pytest.mark.parametrize("kind", ["prepared", "folder", "shards"])
def test_every_source_names_its_images_and_has_one_fingerprint(kind: SourceKind, places: dict[str, Path]) -> None:
    source = open_source(kind, places[kind], 16)
    assert "a.png" in source.name(0) or source.name(0).endswith("shard-000000.tar#000000000")
    assert len(source.fingerprint) == 64
    assert source.fingerprint == open_source(kind, places[kind], 16).fingerprint


def test_a_size_that_the_images_do_not_have_is_refused(places: dict[str, Path]) -> None:
    with pytest.raises(ColorlibError, match="are 16 pixels wide, expected 32: prepare them again"):
        open_source("prepared", places["prepared"], 32)


def test_unknown_kinds_and_missing_packages_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    with pytest.raises(ColorlibError, match="there is no source of kind 'video'"):
        open_source("video", tmp_path, 16)  # type: ignore[arg-type]
    with pytest.raises(ColorlibError, match="npm pack"):
        open_source("cifar10", tmp_path / "cifar.tgz", 32)
