from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# The first call of a kernel compiles it, which has nothing to do with the example.
settings.register_profile("ops", deadline=None, derandomize=True)
settings.load_profile("ops")

Golden = Callable[[str], dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def golden() -> Golden:
    """Read the arrays of tests/data/golden/<name>.npz."""
    folder = Path(__file__).parents[2] / "data" / "golden"

    def read(name: str) -> dict[str, np.ndarray]:
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            return dict(arrays)

    return read
