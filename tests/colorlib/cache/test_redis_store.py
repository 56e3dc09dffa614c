import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import redis

from colorlib.cache import open_cache
from colorlib.cache.redis_store import LARGEST, RedisStore
from colorlib.cache.store import DeclinedError, UnavailableError
from colorlib.errors import ColorlibError

KEY = "a" * 64


def test_what_was_put_is_found_under_a_name_of_ours_and_for_its_time(redis_server: Callable) -> None:
    server = redis_server()
    store = RedisStore(server.url, ttl=60)
    assert store.get(KEY) is None
    store.put(KEY, b"\0\xff")
    assert store.get(KEY) == b"\0\xff"
    with server.client() as client:
        assert client.keys() == [b"colorlib:v1:" + KEY.encode()]
        assert 50_000 < client.pttl("colorlib:v1:" + KEY) <= 60_000
    store.remove(KEY)
    assert store.get(KEY) is None
    store.close()


def test_an_entry_is_gone_after_its_time(redis_server: Callable) -> None:
    store = RedisStore(redis_server().url, ttl=0.05)
    store.put(KEY, b"abc")
    time.sleep(0.1)
    assert store.get(KEY) is None
    store.close()


def test_namespaces_and_databases_are_apart(redis_server: Callable) -> None:
    server = redis_server()
    stores = [
        RedisStore(server.url),
        RedisStore(server.url, namespace="other"),
        RedisStore(server.url + "?db=1"),
    ]
    for number, store in enumerate(stores):
        store.put(KEY, bytes([number]))
    assert [store.get(KEY) for store in stores] == [b"\0", b"\1", b"\2"]
    for store in stores:
        store.close()


def test_usage_is_the_servers(redis_server: Callable) -> None:
    store = RedisStore(redis_server("--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru").url)
    for number in range(8):
        store.put(f"{number:064x}", bytes(1 << 20))
    held, evictions = store.usage()
    assert 1 << 20 < held < 5 << 20
    assert evictions >= 4
    store.close()


def test_over_tcp_with_a_user_and_a_password(redis_server: Callable, tmp_path: Path) -> None:
    server = redis_server("--user", "painter", "on", ">se/cr@t", "~*", "+@all", tcp=True)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    url = f"redis://painter:se%2Fcr%40t@127.0.0.1:{server.port}/0"
    with open_cache(url, directory=tmp_path) as cache:
        cache.put(KEY, array)
        assert np.array_equal(cache.get(KEY), array)
        assert cache.statistics().store == "redis"
    assert not any(tmp_path.iterdir())
    store = RedisStore(f"redis://painter:wrong@127.0.0.1:{server.port}/0")
    with pytest.raises(UnavailableError, match="AuthenticationError") as raised:
        store.get(KEY)
    assert "wrong" not in str(raised.value)
    store.close()


def test_what_is_refused_and_what_is_too_large_is_declined(redis_server: Callable) -> None:
    server = redis_server("--maxmemory", "3mb")
    store = RedisStore(server.url)
    with pytest.raises(DeclinedError, match=r"it refuses \(OutOfMemoryError\)"):
        deque((store.put(f"{number:064x}", bytes(1 << 20)) for number in range(8)), maxlen=0)
    with pytest.raises(DeclinedError, match="is more than the 67108864 that go to Redis"):
        store.put(KEY, bytes(LARGEST + 1))
    with server.client() as client:
        client.flushall()
        client.rpush("colorlib:v1:" + KEY, "a list")
    with pytest.raises(DeclinedError, match=r"it refuses \(WRONGTYPE\)"):
        store.get(KEY)
    store.put(KEY, b"abc")  # writing heals
    assert store.get(KEY) == b"abc"
    store.close()


def test_a_server_that_came_back_is_met_without_a_failure(redis_server: Callable) -> None:
    server = redis_server()
    store = RedisStore(server.url)
    store.put(KEY, b"abc")
    server.kill()
    server.start()
    assert store.get(KEY) is None
    store.close()


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(redis_server: Callable) -> None:
    server = redis_server("--enable-debug-command", "yes")
    store = RedisStore(server.url, seconds=0.2)
    store.put(KEY, b"late")
    store.put("b" * 64, b"right")
    with server.client() as client:
        sleeper = client.connection_pool.get_connection()
        sleeper.send_command("DEBUG", "SLEEP", "0.5")
        time.sleep(0.05)
        start = time.monotonic()
        with pytest.raises(UnavailableError, match=r"no answer within 0\.2 s|TimeoutError"):
            store.get(KEY)
        assert time.monotonic() - start < 0.4
        sleeper.read_response()
        client.connection_pool.release(sleeper)
    assert store.get("b" * 64) == b"right"
    assert store.get(KEY) == b"late"
    store.close()


def test_a_missing_package_is_one_sentence_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ColorlibError, match=r"needs the package redis: pip install 'colorful-colorization\[cache\]'"):
        open_cache("redis://localhost")


def test_nothing_that_shows_a_store_shows_its_password() -> None:
    store = RedisStore("redis://me:hunter2@localhost:1/0")
    assert "hunter2" not in f"{store!r} {store.place} {vars(store)}"
    assert isinstance(store._client, redis.Redis)
