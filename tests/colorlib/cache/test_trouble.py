"""A run of images through a cache whose Redis does all that a server can do wrong; the answers stay right."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import Cache, open_cache, result_key
from colorlib.cache.breaker import FAILURES, Breaker
from colorlib.cache.disk import DiskStore
from colorlib.cache.entry import pack
from colorlib.cache.guard import QUIET_SECONDS, Guard
from colorlib.cache.redis_store import SECONDS, RedisStore
from colorlib.cache.store import UnavailableError

PASSWORD = "hunter2"  # audit: ignore[secrets] made up
IMAGES = [np.full((16, 16, 3), number, np.uint8) for number in range(10)]
BOUND = FAILURES * SECONDS
"""Seconds that an outage may cost; then the breaker is open."""

SLACK = 1.0  # seconds; the machine may be busy


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


@pytest.fixture(autouse=True)
def all_of_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG, "colorlib.cache")
    yield
    assert PASSWORD not in caplog.text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "disk"


def entries(folder: Path) -> int:
    return len(list(folder.glob("v1/??/*")))


def test_a_redis_that_is_well_serves_alone(
    redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_cache(redis_server().url, directory=folder) as cache:
        run(cache, IMAGES)
        statistics = cache.statistics()
    assert (statistics.hits, statistics.misses, statistics.store) == (10, 10, "redis")
    assert statistics.bytes > 0
    assert entries(folder) == 0
    assert warnings(caplog) == []


def test_missing(folder: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with open_cache(f"unix://:{PASSWORD}@{tmp_path}/none", directory=folder) as cache:
        assert run(cache, IMAGES) < BOUND + SLACK
        assert (cache.statistics().hits, cache.statistics().store) == (10, "disk")
    (warning,) = warnings(caplog)
    assert warning.startswith(f"cache: unix://{tmp_path}/none?db=0: no usable answer (")
    assert warning.endswith("; the disk cache takes over")
    assert entries(folder) == 10


def test_killed_in_mid_run(redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = redis_server()
    with open_cache(server.url, directory=folder) as cache:
        assert run(cache, IMAGES, lambda index: server.kill() if index == 5 else None) < BOUND + SLACK
        assert cache.statistics().store == "disk"
    assert len(warnings(caplog)) == 1
    assert entries(folder) == 10


def test_stopped_in_mid_run_then_going_on(
    redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, clock = redis_server(), Clock()
    breaker = Breaker(seconds=30, clock=clock)
    guard = Guard(RedisStore(server.url), "the disk cache takes over", breaker, clock)
    with Cache([guard, Guard(DiskStore(folder), "results are not kept")]) as cache:
        seconds = run(cache, IMAGES, lambda index: os.kill(server.process.pid, signal.SIGSTOP) if index == 5 else None)
        assert BOUND - 0.1 < seconds < BOUND + SLACK
        os.kill(server.process.pid, signal.SIGCONT)
        assert run(cache, IMAGES) < SLACK
        assert cache.statistics().store == "disk"
        clock.now += 30
        assert run(cache, IMAGES) < SLACK
        assert cache.statistics().store == "redis"
    assert len(warnings(caplog)) == 1
    assert "answers again" in caplog.text


def test_slow(redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = redis_server("--enable-debug-command", "yes")
    sleeping: list[threading.Thread] = []

    def sleep(index: int) -> None:
        if index == 3:
            sleeping.append(threading.Thread(target=debug_sleep))
            sleeping[0].start()
            time.sleep(0.1)

    def debug_sleep() -> None:
        with server.client() as client:
            client.execute_command("DEBUG", "SLEEP", "2.5")

    with open_cache(server.url, directory=folder) as cache:
        assert run(cache, IMAGES, sleep) < BOUND + SLACK
    sleeping[0].join()
    assert len(warnings(caplog)) == 1


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


def noise(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(os.urandom(64))


def always_ok(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(b"+OK\r\n")


def endless_value(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"+OK\r\n" * 3 + b"$4000000000\r\n" + bytes(100_000))
    connection.recv(65536)
    time.sleep(0.5)


def parrot(connection: socket.socket) -> None:
    while received := connection.recv(65536):
        connection.sendall(b"-ERR unknown command, with args: " + received.replace(b"\r\n", b" ") + b"\r\n")


def drip(connection: socket.socket) -> None:
    while connection.recv(65536):
        for _ in range(20):
            connection.sendall(b"$")
            time.sleep(0.1)


def hang_up(connection: socket.socket) -> None:
    connection.recv(1)


def web_server(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def numbers(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(b":1\r\n")


BEHAVIOURS = [noise, always_ok, endless_value, parrot, drip, hang_up, web_server, numbers]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_garbage(
    fake_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture, behaviour: Callable[[socket.socket], None]
) -> None:
    port = fake_server(behaviour)
    with open_cache(f"redis://:{PASSWORD}@127.0.0.1:{port}", directory=folder) as cache:
        assert run(cache, IMAGES) < BOUND + SLACK
        run(cache, IMAGES)
        assert cache.statistics().hits >= 10
    (warning,) = warnings(caplog)
    assert warning.startswith(f"cache: redis://127.0.0.1:{port}/0: ")
    assert entries(folder) > 0


def test_garbage_in_mid_run_on_a_connection_that_was_good(
    redis_server: Callable, fake_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = redis_server()
    garbled = threading.Event()

    def relay(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(str(server.socket))
            behind.settimeout(0.2)
            while request := connection.recv(1 << 20):
                behind.sendall(request)
                answer = behind.recv(1 << 20)
                connection.sendall(os.urandom(len(answer)) if garbled.is_set() else answer)

    port = fake_server(relay)
    with open_cache(f"redis://127.0.0.1:{port}", directory=folder) as cache:
        seconds = run(cache, IMAGES, lambda index: garbled.set() if index == 4 else None)
        assert seconds < BOUND + SLACK
        assert cache.statistics().store == "disk"
    assert len(warnings(caplog)) == 1
    with server.client() as client:
        assert client.dbsize() >= 4


def test_many_threads_share_a_cache(redis_server: Callable, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = redis_server()
    failures: list[BaseException] = []
    with open_cache(server.url, directory=folder) as cache:

        def work(number: int) -> None:
            try:
                run(cache, IMAGES, lambda index: server.kill() if (number, index) == (0, 10) else None)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - start < BOUND + 2 * SLACK
        statistics = cache.statistics()
    assert failures == []
    assert statistics.hits + statistics.misses == 8 * 20
    assert len(warnings(caplog)) == 1


class Moody:
    """A store that fails when told to."""

    name = "redis"
    place = "somewhere"

    def __init__(self) -> None:
        self.error: Exception | None = None

    def get(self, key: str) -> None:  # noqa: ARG002
        if self.error:
            raise self.error

    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002
        self.get(key)

    def close(self) -> None:
        return


def test_a_store_that_comes_and_goes_is_warned_of_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)

    def outage_and_recovery() -> None:
        for store.error in (UnavailableError("down"), None):
            clock.now += 1
            guard.get("a" * 64)

    for _ in range(5):
        outage_and_recovery()
    assert warnings(caplog) == ["cache: somewhere: down; on we go"]
    clock.now += QUIET_SECONDS
    outage_and_recovery()
    assert len(warnings(caplog)) == 2


def test_an_outage_that_lasts_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)
    store.error = UnavailableError("down")
    for _ in range(5):
        clock.now += QUIET_SECONDS
        guard.get("a" * 64)
    assert len(warnings(caplog)) == 1


def test_what_is_put_may_be_the_probe() -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)
    store.error = UnavailableError("down")
    assert not guard.put("a" * 64, b"")
    store.error = None
    assert not guard.put("a" * 64, b"")
    clock.now += 1
    assert guard.put("a" * 64, b"")
    assert guard.breaker.state == "closed"
