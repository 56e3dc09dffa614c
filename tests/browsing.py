"""A web app as a person meets it: its server in a child process, and a Chromium that may not leave this machine."""

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Route,
    WebSocket,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from colorlib.models import MobileLite
from colorlib.models.base import Head
from colorlib.models.pretrained import save_pretrained
from tests.small_project import ROOT

PATIENCE = 90  # seconds that a busy machine may take
CHROMIUM = shutil.which("chromium") or "chromium"
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
COLORLIB = (sys.executable, "-c", "from colorlib.apps.cli import main; main()")
# Gradio 6.31 asks for the progress of an upload that is over already, and logs the refusal as "Response".
NOISE = re.compile(r"gradio_api/upload_progress|^Response \(")
PICTURES = "COLORLIB_PICTURES"  # environment variable: a folder for screenshots


def save_small_model(folder: Path, head: Head = "classification") -> Path:
    """An untrained MobileLite that looks at 32 pixels."""
    torch.manual_seed(0)
    model = MobileLite(q=313, grid="paper") if head == "classification" else MobileLite(head=head)
    save_pretrained(model, folder, size=32)
    return folder


def photograph_bytes(seed: int, width: int = 96, height: int = 80) -> bytes:
    """A PNG of coloured noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def chromium(playwright: Playwright) -> Browser:
    """A headless browser."""
    assert Path(CHROMIUM).is_file(), "chromium is not installed: run `make test`, or apt-get install chromium"
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))


@contextmanager
def served(app: str, *arguments: str, folder: Path) -> Iterator[str]:
    """`colorlib app …` on a free port of the loopback interface, ended by its own id; yields the address.

    Args:
        app: streamlit or gradio.
        arguments: further options.
        folder: where the server's output goes, and its temporary files.

    Fails when the server asked for anything beyond the loopback interface.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*COLORLIB, "app", app, "--port", str(port), *arguments]
    log_file = folder / f"{app}.log"  # a pipe that nobody reads would stop the server when it is full
    with log_file.open("wb") as log, socket.create_server(("127.0.0.1", 0)) as outside:
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"  # whatever the server asks for elsewhere arrives there
        environment = os.environ | {"TMPDIR": str(folder), "NO_PROXY": "127.0.0.1,localhost"}
        environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}", process, log_file)
            yield f"http://127.0.0.1:{port}"
            outside.setblocking(False)
            with pytest.raises(BlockingIOError):  # nobody called
                outside.accept()
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a server answers there; what it logged, where it ends or does not answer in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer within {PATIENCE} s: {log.read_text()}")


class Visitor:
    """One person's browser window: cookies of its own, and a record of what must not happen.

    Attributes:
        page: of the app.
        outside: addresses that were asked for elsewhere, and refused.
        errors: of the browser's console, and uncaught ones.
    """

    def __init__(self, browser: Browser, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        self.context.route("**/*", self._stay_inside)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", self._connected)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the window; nothing left this machine and the console is clean."""
        self.context.close()
        if kind is None:
            assert self.outside == [], self.outside
            assert self.errors == [], self.errors

    def _is_outside(self, address: str) -> bool:
        if urllib.parse.urlsplit(address).hostname in ("127.0.0.1", None):
            return False
        self.outside.append(address)
        return True

    def _stay_inside(self, route: Route, request: Request) -> None:
        if self._is_outside(request.url):
            route.abort()
        else:
            route.continue_()

    def _connected(self, socket: WebSocket) -> None:
        self._is_outside(socket.url)

    def _heard(self, message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not NOISE.search(said):
            self.errors.append(said)

    def upload(self, *files: Path) -> None:
        """Choose files in the page's first place for them."""
        self.page.locator("input[type=file]").first.set_input_files(list(files))

    def download(self, button: str, name: str) -> bytes:
        """Click a button until a file of that name comes: the page may still be answering what was clicked before."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with self.page.expect_download(timeout=15_000) as download:
                    self.page.get_by_role("button", name=button).click()
            except PlaywrightTimeout:
                continue
            if download.value.suggested_filename == name:
                return Path(download.value.path()).read_bytes()
        raise AssertionError(f"{button} gave no {name}")

    def photograph(self, name: str) -> None:
        """Write a screenshot, where the environment names a folder for it."""
        if os.environ.get(PICTURES):
            picture = Image.open(io.BytesIO(self.page.screenshot(animations="disabled")))
            picture.convert("RGB").save(Path(os.environ[PICTURES]) / f"{name}.webp", quality=85)
