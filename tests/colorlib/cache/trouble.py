"""Images that run through a cache while its Redis does what a server can do wrong; the answers must stay right."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import Cache, result_key
from colorlib.cache.breaker import FAILURES
from colorlib.cache.redis_store import SECONDS

PASSWORD = "hunter2"
IMAGES = [np.full((16, 16, 3), number, np.uint8) for number in range(10)]
BOUND = FAILURES * SECONDS
"""Seconds that an outage may cost; then the breaker is open."""

SLACK = 2.5  # seconds; the machine may be busy. Without the bound an outage costs five and more


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def colorize(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float32) * 2 + 1


def key_of(image: np.ndarray) -> str:
    return result_key(image, "0" * 64, {}, 1)


def run(cache: Cache, images: list[np.ndarray], disturb: Callable[[int], None] = lambda _: None) -> float:
    """Colorize all images twice through the cache, check every answer, return the seconds it took."""
    seconds = 0.0
    for round_ in range(2):
        for index, image in enumerate(images):
            disturb(round_ * len(images) + index)
            start = time.monotonic()
            result = cache.get(key_of(image))
            if result is None:
                result = colorize(image)
                cache.put(key_of(image), result)
            seconds += time.monotonic() - start
            assert np.array_equal(result, colorize(image))
    return seconds


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert PASSWORD not in caplog.text
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def entries(folder: Path) -> int:
    return len(list(folder.glob("v1/??/*")))
