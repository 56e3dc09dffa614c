"""`colorlib colorize FOLDER --cache …` while something happens to its Redis: every picture is right."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.apps import cli
from colorlib.apps import colorize as command
from colorlib.models import MobileLite, save_pretrained
from tests.colorlib.cache.trouble import BOUND, SLACK, entries, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")

PHOTOGRAPHS, BEFORE = 24, 3  # the trouble begins when so many are finished: some are being read, others not even that


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, photographs, and the pictures that they become without a cache."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    model = MobileLite(q=313, grid="paper")
    with torch.no_grad():
        model.final.weight.normal_(std=0.3)
    save_pretrained(model, folder / "model", size=32)
    (folder / "scans").mkdir()
    noise = np.random.default_rng(1).integers(0, 256, (PHOTOGRAPHS, 30, 40), dtype=np.uint8)
    for number, pixels in enumerate(noise):
        Image.fromarray(pixels).save(folder / f"scans/{number:02}.png")
    run(pytest.MonkeyPatch(), folder, "expected", "none")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, place: Path, output: str, cache: str) -> float:
    """Colorize the folder by the command; the seconds that it took."""
    arguments = ["colorize", "scans", "--model", "model", "--output", output, "--cache", cache, "--json"]
    with monkeypatch.context() as patched:
        patched.chdir(place)
        patched.setattr("sys.argv", ["colorlib", *arguments])
        began = time.monotonic()
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert not ended.value.code
    return time.monotonic() - began


@pytest.mark.parametrize("trouble", ["killed", "full", "garbage"])
def test_every_picture_is_right_and_the_delay_is_bounded(
    redis_server: Callable,
    fake_server: Callable,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    server, garbled = redis_server(), threading.Event()

    def relay(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(str(server.socket))
            while request := connection.recv(1 << 20):
                behind.sendall(request)
                answer = behind.recv(1 << 20)
                connection.sendall(os.urandom(len(answer)) if garbled.is_set() else answer)

    def fill() -> None:
        with server.client() as client:
            client.config_set("maxmemory", 1)

    begin = {"killed": server.kill, "full": fill, "garbage": garbled.set}[trouble]
    line, finished = command._line, []

    def watched(described: dict[str, object]) -> None:
        line(described)
        finished.append(described)
        if len(finished) == BEFORE:
            begin()

    url = f"redis://127.0.0.1:{fake_server(relay)}" if trouble == "garbage" else server.url
    usual = run(monkeypatch, place, str(tmp_path / "usual"), "none")
    monkeypatch.setattr(command, "_line", watched)
    seconds = run(monkeypatch, place, str(tmp_path / "out"), url)
    assert seconds < 2 * usual + BOUND + SLACK
    assert finished[-1] == {"summary": {"colorized": PHOTOGRAPHS, "skipped": 0, "failed": 0}}
    for path in sorted((place / "expected").iterdir()):
        with Image.open(path) as expected, Image.open(tmp_path / "out" / path.name) as written:
            difference = np.asarray(written, dtype=int) - np.asarray(expected, dtype=int)
        assert np.abs(difference).max() <= 1
    assert len(warnings(caplog)) == 1
    assert 0 < entries(tmp_path / "colorlib") < PHOTOGRAPHS  # the disk took over in mid-run
