from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.manifest import Photo, Split
from colorlib.files import sha256_of


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Photo]:
    """Write a small photograph into tmp_path / "source" and return its manifest row."""
    source = tmp_path / "source"
    source.mkdir()

    def make(name: str, split: Split = "train", size: tuple[int, int] = (40, 30), seed: int = 0) -> Photo:
        noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(source / name)
        digest = sha256_of(source / name)
        return Photo(name, digest, *size, split, f"group of {name}", "CC0-1.0", "Ann", "https://example.org")

    return make
