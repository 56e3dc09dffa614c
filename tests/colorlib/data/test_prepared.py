from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from colorlib.data.manifest import Photo
from colorlib.data.prepared import load_prepared, prepare, prepared_sha256
from colorlib.errors import ColorlibError

MakePhoto = Callable[..., Photo]


@pytest.fixture
def photos(make_photo: MakePhoto) -> list[Photo]:
    splits = ("train", "val", "test", "train")
    return [make_photo(f"{i}.png", split, seed=i) for i, split in enumerate(splits)]


def test_what_is_prepared_is_read_back_by_split(photos: list[Photo], tmp_path: Path) -> None:
    seen: list[str] = []
    prepare(photos, tmp_path / "source", tmp_path / "out", 16, seen.append)
    train = load_prepared(tmp_path / "out", "train")
    assert train.files == ("0.png", "3.png")
    assert train.images.shape == (2, 16, 16, 3)
    assert len(load_prepared(tmp_path / "out", "val")) == len(load_prepared(tmp_path / "out", "test")) == 1
    assert seen == ["0.png", "1.png", "2.png", "3.png"]


def test_the_tensor_holds_the_same_pixels(photos: list[Photo], tmp_path: Path) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    train = load_prepared(tmp_path / "out", "train")
    tensor = train.tensor([1])
    assert (tensor.dtype, tuple(tensor.shape)) == (torch.uint8, (1, 3, 16, 16))
    assert np.array_equal(tensor[0].permute(1, 2, 0).numpy(), train.images[1])


def test_the_same_photographs_give_the_same_bytes(photos: list[Photo], tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare(photos, tmp_path / "source", tmp_path / name, 16)
    assert prepared_sha256(tmp_path / "one") == prepared_sha256(tmp_path / "two")


def test_every_broken_photograph_is_named_and_nothing_is_written(photos: list[Photo], tmp_path: Path) -> None:
    (tmp_path / "source/1.png").write_bytes(b"broken")
    (tmp_path / "source/2.png").unlink()
    with pytest.raises(ColorlibError, match=r"(?s)2 of the photographs.*1\.png is damaged.*2\.png is missing"):
        prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    assert not (tmp_path / "out").exists()


def test_missing_prepared_data_says_which_stage_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="run the prepare stage first"):
        load_prepared(tmp_path, "train")


def test_an_empty_split_is_refused_when_it_is_needed(photos: list[Photo], tmp_path: Path) -> None:
    prepare([p for p in photos if p.split != "val"], tmp_path / "source", tmp_path / "out", 16)
    assert len(load_prepared(tmp_path / "out", "train")) == 2
    with pytest.raises(ColorlibError, match=r"the val split .* is empty"):
        load_prepared(tmp_path / "out", "val")


def test_a_damaged_array_is_refused(photos: list[Photo], tmp_path: Path) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    (tmp_path / "out/train.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ColorlibError, match=r"train\.npy is damaged"):
        load_prepared(tmp_path / "out", "train")


def test_an_index_of_another_length_is_refused(photos: list[Photo], tmp_path: Path) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    (tmp_path / "out/train.csv").write_text("file,sha256,group\n")
    with pytest.raises(ColorlibError, match="does not fit"):
        load_prepared(tmp_path / "out", "train")
