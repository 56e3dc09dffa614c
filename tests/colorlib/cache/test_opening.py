import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import Cache, Statistics, open_cache
from colorlib.cache.entry import pack
from colorlib.cache.location import user_cache_folder
from colorlib.errors import ColorlibError

KEY = "a" * 64
ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_none_is_no_cache() -> None:
    assert open_cache("none") is None


def test_disk_lies_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with open_cache("disk") as cache:
        cache.put(KEY, ARRAY)
    assert (tmp_path / "colorlib" / "v1" / "aa" / KEY).is_file()


@pytest.mark.parametrize("value", ["", "relative/folder", None])
def test_the_users_cache_folder_is_in_the_home_folder_otherwise(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", "/home/ann")
    assert user_cache_folder() == Path("/home/ann/.cache/colorlib")


def test_disk_lies_where_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for url, directory in (("disk:~/a", None), (f"disk:{tmp_path}/b", "ignored"), ("disk", tmp_path / "c")):
        with open_cache(url, directory=directory) as cache:
            cache.put(KEY, ARRAY)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c"}


def test_a_cache_counts(tmp_path: Path) -> None:
    size = len(pack(KEY, ARRAY))
    cache = open_cache("disk", directory=tmp_path, size_limit=int(2.5 * size))
    assert cache.get(KEY) is None
    for letter in "abc":
        cache.put(letter * 64, ARRAY)
    assert [cache.get(letter * 64) is None for letter in "abc"] == [True, False, False]
    assert cache.statistics() == Statistics(hits=2, misses=2, evictions=1, bytes=2 * size, store="disk")


def test_what_is_got_may_be_changed_without_changing_the_cache(tmp_path: Path) -> None:
    with open_cache("disk", directory=tmp_path) as cache:
        cache.put(KEY, ARRAY)
        cache.get(KEY)[:] = 0
        assert np.array_equal(cache.get(KEY), ARRAY)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", b"a" * 64])
def test_keys_that_are_none_are_named(tmp_path: Path, key: str) -> None:
    cache = open_cache("disk", directory=tmp_path)
    words = re.escape(f"got the cache key {key!r}, expected 64 hexadecimal digits")
    with pytest.raises(ColorlibError, match=words):
        cache.get(key)
    with pytest.raises(ColorlibError, match=words):
        cache.put(key, ARRAY)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no cache is called ''"),
        (
            "memcached://me:hunter2@host",
            "no cache is called 'memcached': use none, disk, disk:PATH, redis:",
        ),
        ("disk:", "'disk:' without a folder"),
        ("DISK", "no cache is called 'DISK'"),
        ("redis://host/hunter2", "redis address is not understood"),
    ],
)
def test_what_is_no_cache_is_said_in_a_sentence(url: str, words: str) -> None:
    with pytest.raises(ColorlibError, match=words) as raised:
        open_cache(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("limits", [{"size_limit": 0}, {"ttl": 0.0}, {"ttl": float("nan")}, {"size_limit": -1}])
def test_limits_that_make_no_sense_are_named(limits: dict[str, float]) -> None:
    with pytest.raises(ColorlibError, match="both must be positive"):
        open_cache("disk", **limits)


def test_the_disk_cache_loads_neither_torch_nor_redis() -> None:
    program = "import sys, colorlib.cache; print([name for name in ('torch', 'redis') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_cache_is_closed_by_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(Cache, "close", lambda self: closed.append(self))
    with open_cache("disk", directory=tmp_path) as cache:
        assert closed == []
    assert closed == [cache]
