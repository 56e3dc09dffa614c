from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.data.batches import TrainingBatches
from colorlib.data.folder import open_folder
from colorlib.errors import ColorlibError


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    (folder / "deep" / "er").mkdir(parents=True)
    generator = np.random.default_rng(0)
    for place, size in (("a.png", (20, 30)), ("deep/b.jpg", (40, 16)), ("deep/er/c.png", (16, 16))):
        Image.fromarray(generator.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / place)
    (folder / "deep" / "torn.jpg").write_bytes((folder / "deep" / "b.jpg").read_bytes()[:300])
    (folder / "empty.png").touch()
    return folder


def test_images_are_found_and_damaged_ones_listed_with_the_reason(photographs: Path) -> None:
    folder = open_folder(photographs, 16)
    assert folder.files == ("a.png", "deep/b.jpg", "deep/er/c.png")
    assert [damaged.file for damaged in folder.damaged] == ["deep/torn.jpg", "empty.png"]
    assert "cannot be decoded" in folder.damaged[0].reason
    assert "not an image" in folder.damaged[1].reason


def test_images_become_equal_squares_in_batches(photographs: Path) -> None:
    folder = open_folder(photographs, 16)
    assert folder.read(0).shape == (16, 16, 3)
    assert np.array_equal(folder.read(2), np.asarray(Image.open(photographs / "deep/er/c.png")))
    (batch,) = TrainingBatches(folder, 3, 8, seed=0).epoch(0)
    assert batch.shape == (3, 3, 8, 8)
    assert batch.dtype == torch.uint8


def test_the_fingerprint_follows_names_bytes_and_size(photographs: Path) -> None:
    before = open_folder(photographs, 16).fingerprint
    assert open_folder(photographs, 16).fingerprint == before
    assert open_folder(photographs, 8).fingerprint != before
    (photographs / "a.png").rename(photographs / "aa.png")
    assert open_folder(photographs, 16).fingerprint != before


def test_a_folder_without_a_good_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"holds no image that can be read$"):
        open_folder(tmp_path, 16)
    (tmp_path / "x.png").touch()
    with pytest.raises(ColorlibError, match=r"1 files are damaged, the first: .*x\.png is not an image"):
        open_folder(tmp_path, 16)


def test_a_file_that_went_away_is_named(photographs: Path) -> None:
    folder = open_folder(photographs, 16)
    (photographs / "a.png").unlink()
    with pytest.raises(ColorlibError, match=r"a\.png: there is no such file"):
        folder.read(0)
