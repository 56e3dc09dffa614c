import errno
import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorlib.data.manifest import Photo, Split
from colorlib.data.prepared import load_prepared, prepare, prepared_sha256
from colorlib.errors import ColorlibError
from tests.allocating import peak

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
    assert seen == ["0.png", "3.png", "1.png", "2.png"]  # split by split


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


def test_of_many_broken_photographs_a_hundred_are_named(
    photos: list[Photo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colorlib.data.prepared.NAMED", 2)
    for path in (tmp_path / "source").iterdir():
        path.unlink()
    with pytest.raises(ColorlibError, match=r"(?s)4 of the photographs.*0\.png is missing.*3\.png is.*\nand 2 more$"):
        prepare(photos, tmp_path / "source", tmp_path / "out", 16)


class Many:
    """So many rows of one photograph, each made when it is asked for."""

    def __init__(self, photo: Photo, count: int) -> None:
        self.photo, self.count = photo, count

    def __iter__(self) -> Iterator[Photo]:
        for number in range(self.count):
            split: Split = "val" if number == 0 else "test" if number == 1 else "train"
            yield replace(self.photo, split=split, group=f"group {number}")


def test_memory_does_not_grow_with_the_number_of_photographs(make_photo: MakePhoto, tmp_path: Path) -> None:
    photo = make_photo("0.png", size=(8, 8))

    def prepare_some(count: int) -> None:
        prepare(Many(photo, count), tmp_path / "source", tmp_path / "out", 8)

    prepare_some(40)  # what is loaded once
    few, many = peak(lambda: prepare_some(40)), peak(lambda: prepare_some(640))
    assert many < few + 50_000  # bytes; a row that is held takes some 400


def test_missing_prepared_data_says_which_stage_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="run the prepare stage first"):
        load_prepared(tmp_path, "train")


@pytest.mark.parametrize(("kept", "empty"), [("train", "val and test"), ("val", "train and test")])
def test_a_split_without_photographs_is_refused_at_once(
    photos: list[Photo], tmp_path: Path, kept: str, empty: str
) -> None:
    seen: list[str] = []
    with pytest.raises(ColorlibError, match=f"has no photograph for {empty}: every split needs"):
        prepare([p for p in photos if p.split == kept], tmp_path / "source", tmp_path / "out", 16, seen.append)
    assert not seen
    assert not (tmp_path / "out").exists()


def test_an_empty_split_is_refused(photos: list[Photo], tmp_path: Path) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    np.save(tmp_path / "out/val.npy", np.zeros((0, 16, 16, 3), np.uint8))
    (tmp_path / "out/val.csv").write_text("file,sha256,group\n")
    with pytest.raises(ColorlibError, match=r"the val split .* is empty"):
        load_prepared(tmp_path / "out", "val")


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no whole array"),
        (b"\x93NUMPY", "no whole array"),
        (b"just text", "no whole array"),
        (pickle.dumps([1]), "no whole array"),
        (saved(np.zeros((2, 16, 16, 3), np.uint8))[:-1], "no whole array"),
        (saved(np.zeros((2, 16, 16, 3))), r"float64 \(2, 16, 16, 3\), expected uint8 \(N, S, S, 3\)"),
        (saved(np.zeros((2, 16, 8, 3), np.uint8)), r"uint8 \(2, 16, 8, 3\), expected"),
        (saved(np.zeros((2, 16), np.uint8)), r"uint8 \(2, 16\), expected"),
    ],
)
def test_a_damaged_array_is_refused(photos: list[Photo], tmp_path: Path, content: bytes, reason: str) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    (tmp_path / "out/train.npy").write_bytes(content)
    with pytest.raises(ColorlibError, match=rf"train\.npy is damaged \(.*{reason}.*\): run the prepare") as caught:
        load_prepared(tmp_path / "out", "train")
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"name,sha256\na,b\n", "no column file"), (b"file,sha256\n\xff,b\n", "no CSV in UTF-8")],
)
def test_a_damaged_index_is_refused(photos: list[Photo], tmp_path: Path, content: bytes, reason: str) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    (tmp_path / "out/train.csv").write_bytes(content)
    with pytest.raises(ColorlibError, match=rf"train\.csv is damaged \(.*{reason}\): run the prepare stage again"):
        load_prepared(tmp_path / "out", "train")


@pytest.mark.parametrize("name", ["train.npy", "train.csv"])
def test_prepared_data_of_another_user_is_said(
    photos: list[Photo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    opened = io.open

    def refuse(path: str | Path, *arguments: Any, **options: Any) -> Any:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", refuse)  # NumPy's
    monkeypatch.setattr(io, "open", refuse)  # pathlib's
    with pytest.raises(ColorlibError, match=rf"{name} is damaged \(Permission denied\)"):
        load_prepared(tmp_path / "out", "train")


def test_an_index_of_another_length_is_refused(photos: list[Photo], tmp_path: Path) -> None:
    prepare(photos, tmp_path / "source", tmp_path / "out", 16)
    (tmp_path / "out/train.csv").write_text("file,sha256,group\n")
    with pytest.raises(ColorlibError, match="does not fit"):
        load_prepared(tmp_path / "out", "train")
