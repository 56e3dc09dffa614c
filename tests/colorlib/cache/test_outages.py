"""A Redis that is missing, killed, stopped or slow."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from colorlib.cache import Cache, open_cache
from colorlib.cache.breaker import Breaker
from colorlib.cache.disk import DiskStore
from colorlib.cache.guard import Guard
from colorlib.cache.redis_store import RedisStore
from tests.colorlib.cache.trouble import BOUND, IMAGES, PASSWORD, SLACK, Clock, entries, run, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")


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
            client.execute_command("DEBUG", "SLEEP", "4.5")

    with open_cache(server.url, directory=folder) as cache:
        assert run(cache, IMAGES, sleep) < BOUND + SLACK
    sleeping[0].join()
    assert len(warnings(caplog)) == 1


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
