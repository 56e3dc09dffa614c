"""Entries that are not what was put there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import open_cache
from colorlib.cache.entry import pack
from tests.colorlib.cache.trouble import IMAGES, entries, key_of, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")


@pytest.mark.parametrize("damage", ["cut", "changed", "swapped", "emptied", "foreign"])
def test_a_damaged_entry_is_a_miss_and_is_removed(
    redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    server = redis_server()
    key, other = key_of(IMAGES[0]), key_of(IMAGES[1])
    whole = pack(key, IMAGES[0])
    damaged = {
        "cut": whole[:-1],
        "changed": whole[:-1] + b"\xff",
        "swapped": pack(other, IMAGES[1]),
        "emptied": b"",
        "foreign": b"\x80\x04\x95 a pickle",
    }[damage]
    with open_cache(server.url, directory=folder) as cache, server.client() as client:
        cache.put(key, IMAGES[0])
        client.set(f"colorlib:v1:{key}", damaged)
        assert cache.get(key) is None
        assert client.keys() == []
        cache.put(key, IMAGES[0])
        assert np.array_equal(cache.get(key), IMAGES[0])
    assert len(warnings(caplog)) == 1


def test_a_damaged_file_is_a_miss_and_is_removed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = [key_of(image) for image in IMAGES]
    with open_cache(f"disk:{folder}") as cache:
        for key, image in zip(keys, IMAGES, strict=True):
            cache.put(key, image)
        for file in folder.glob("v1/??/*"):
            file.write_bytes(file.read_bytes()[:-1])
        assert [cache.get(key) for key in keys] == [None] * 10
        assert entries(folder) == 0
        cache.put(keys[0], IMAGES[0])
        assert np.array_equal(cache.get(keys[0]), IMAGES[0])
    (warning,) = warnings(caplog)
    assert warning.endswith("a damaged entry, the checksum is another; it is removed")
