"""Servers that answer, and not in Redis's language."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from colorlib.cache import open_cache
from tests.colorlib.cache.trouble import BOUND, IMAGES, PASSWORD, SLACK, entries, run, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")


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
        for _ in range(30):
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
