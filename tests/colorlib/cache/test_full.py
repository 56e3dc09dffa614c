"""A Redis that is full."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import open_cache
from tests.colorlib.cache.trouble import entries, run, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")


def test_full_and_evicting_nothing(redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = redis_server("--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    images = [np.full((256, 256, 3), number, np.uint8) for number in range(10)]  # 768 KiB each when done
    with open_cache(server.url, directory=folder) as cache:
        run(cache, images)
        assert cache.statistics().hits == 10
        assert cache.statistics().store == "redis"  # it still answers
    (warning,) = warnings(caplog)
    assert "it refuses (OutOfMemoryError)" in warning
    assert 0 < entries(folder) < 10


def test_full_and_evicting(redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = redis_server("--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru")
    images = [np.full((256, 256, 3), number, np.uint8) for number in range(10)]
    with open_cache(server.url, directory=folder) as cache:
        run(cache, images)
        assert cache.statistics().evictions > 0
    assert warnings(caplog) == []
    assert entries(folder) == 0
