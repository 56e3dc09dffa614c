import contextlib
import logging
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.colorlib.cache.trouble import PASSWORD


class Server:
    """A redis-server of our own, on a Unix socket or on a free port of the loopback, ended by its own process id."""

    def __init__(self, folder: Path, *options: str, tcp: bool = False) -> None:
        self.folder = folder
        self.options = options
        self.port = free_port() if tcp else 0
        self.socket = folder / "s"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.fail("redis-server is missing: run `make system`, or apt-get install redis-server")
        where = ["--port", str(self.port), "--bind", "127.0.0.1"] if self.port else ["--port", "0"]
        where += ["--unixsocket", str(self.socket), "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen([binary, *where, *self.options], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(redis.ConnectionError), self.client() as client:
                client.execute_command("ECHO", "here")
                return
            time.sleep(0.01)
        pytest.fail("redis-server did not start within 10 s")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def client(self) -> "redis.Redis":
        """A connection of the test's own, to look behind the scenes."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, protocol=2)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis_server() -> Iterator[Callable[..., Server]]:
    """Start a server with the options given; all are ended with the test."""
    with tempfile.TemporaryDirectory(prefix="colorlib-", dir="/tmp") as name:  # the path of a socket must be short
        servers: list[Server] = []

        def start(*options: str, tcp: bool = False) -> Server:
            folder = Path(name) / str(len(servers))
            folder.mkdir()
            servers.append(Server(folder, *options, tcp=tcp))
            servers[-1].start()
            return servers[-1]

        yield start
        for server in servers:
            server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Behaviour = Callable[[socket.socket], None]


@pytest.fixture
def fake_server() -> Iterator[Callable[[Behaviour], int]]:
    """Serve every connection on a loopback port by a function of the socket; returns the port."""
    stopped = threading.Event()
    threads: list[threading.Thread] = []

    def serve(behaviour: Behaviour) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.05)

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                behaviour(connection)

        def accept() -> None:
            with listener:
                while not stopped.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection, _ = listener.accept()
                        threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
                        threads[-1].start()

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        port: int = listener.getsockname()[1]
        return port

    yield serve
    stopped.set()
    for thread in threads:
        thread.join(6)


@pytest.fixture
def all_of_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Debug messages are captured, too, and none of them shows a password."""
    caplog.set_level(logging.DEBUG, "colorlib.cache")
    yield
    assert PASSWORD not in caplog.text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the disk cache behind a Redis."""
    return tmp_path / "disk"
