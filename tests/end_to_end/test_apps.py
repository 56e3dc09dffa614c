"""Both web apps in a real browser, as people use them: the same stories, told to each."""

import hashlib
import io
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, sync_playwright

from colorlib.apps.studio import words
from colorlib.apps.studio.upload import LARGEST_FILE
from tests.browsing import PATIENCE, PICTURES, Visitor, chromium, photograph_bytes, save_small_model, served
from tests.small_project import ROOT, STARTER

ARTIST = 0x013B  # EXIF
SAMPLE = STARTER / "arlesamphitheater-62d80a80.jpg"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model that works, one of the other method, one that is broken; a trained one for pictures to be shown."""
    folder = tmp_path_factory.mktemp("models")
    save_small_model(folder / "a-small-one")
    save_small_model(folder / "regression", "regression")
    (save_small_model(folder / "unreadable") / "model.safetensors").write_bytes(b"no weights")
    if os.environ.get(PICTURES):
        shutil.copytree(ROOT / "models/class-313-rebalanced", folder / "class-313-rebalanced")
    return folder


@pytest.fixture(scope="module", params=["gradio", "streamlit"])
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def app(framework: str, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app."""
    with served(framework, "--model", str(models), folder=tmp_path_factory.mktemp(framework)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


def enter(browser: Browser, app: str, width: int = 1280, height: int = 900, dark: bool = False) -> Visitor:
    visitor = Visitor(browser, width, height, dark)
    visitor.page.goto(app)
    visitor.page.get_by_text(words.NOTHING_YET).wait_for()
    return visitor


def write(path: Path, seed: int, width: int = 96, height: int = 80) -> Path:
    path.write_bytes(photograph_bytes(seed, width, height))
    return path


def until(visitor: Visitor, holds: Callable[[], bool]) -> None:
    """Wait for what no event tells of."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        visitor.page.wait_for_timeout(50)


def source(visitor: Visitor, which: str = "after") -> str:
    """What the stage shows, as the hash of the picture's address; empty for nothing."""
    picture = visitor.page.locator(f".stage .{which}")
    address = (picture.get_attribute("src") or "") if picture.count() else ""
    return hashlib.sha256(address.encode()).hexdigest() if address else ""


def shown(visitor: Visitor, instead_of: str = "") -> str:
    """Wait for a picture in colour (for another one)."""
    until(visitor, lambda: source(visitor) not in ("", instead_of))
    return source(visitor)


def kept(visitor: Visitor, button: str, name: str) -> bytes:
    """Download until the file is called so: a page may still be answering the click before."""
    files: dict[str, bytes] = {}
    until(visitor, lambda: files.update([visitor.download(button)]) or name in files)
    return files[name]


def slider(visitor: Visitor, label: str) -> Locator:
    return visitor.page.get_by_role("slider", name=label)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def frames(content: bytes) -> int:
    return int(getattr(opened(content), "n_frames", 1))


def test_a_photograph_goes_in_and_files_come_out(browser: Browser, framework: str, app: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "A. Nonymous"
    with Image.open(SAMPLE) as sample:
        size = sample.size
        sample.save(tmp_path / "arles.jpg", exif=exif)
    with enter(browser, app) as visitor:
        page = visitor.page
        visitor.upload(write(tmp_path / "noise.png", 2), tmp_path / "arles.jpg")
        first = shown(visitor)
        temperature = slider(visitor, words.TEMPERATURE).bounding_box()
        assert temperature is not None
        middle = temperature["y"] + temperature["height"] / 2
        page.mouse.move(temperature["x"] + 0.38 * temperature["width"], middle)
        page.mouse.down()
        page.mouse.move(temperature["x"] + 0.1 * temperature["width"], middle, steps=3)
        shown(visitor, instead_of=first)  # while the button is down
        page.mouse.up()
        slider(visitor, words.BLEND).press("Home")
        until(visitor, lambda: source(visitor) == source(visitor, "before"))
        slider(visitor, words.BLEND).press("End")
        shown(visitor, instead_of=source(visitor, "before"))
        page.locator(".stage .frame").click(position={"x": 300, "y": 60})
        page.get_by_text("Likeliest bins").wait_for()
        slider(visitor, "Before and after").fill("50")
        assert (
            page.locator(".stage .frame").evaluate("frame => getComputedStyle(frame).getPropertyValue('--wipe')")
            == "50%"
        )
        visitor.photograph(framework)
        page.get_by_role("tab", name="Files").click()
        page.get_by_text("JPEG", exact=True).click()
        picture = opened(kept(visitor, words.KEEP_PICTURE, "arles.colorized.jpg"))
        assert (picture.format, picture.size) == ("JPEG", size)
        assert picture.getexif()[ARTIST] == "A. Nonymous"
        assert np.ptp(np.asarray(picture).astype(int), axis=2).max() > 20  # in colour
        name, content = visitor.download(words.KEEP_ALL)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert (name, archive.namelist()) == ("colorized.zip", ["noise.colorized.jpg", "arles.colorized.jpg"])
            assert archive.testzip() is None
        name, content = visitor.download(words.KEEP_ANIMATION)
        assert (name, frames(content) > 10) == ("arles.colorized.gif", True)
        page.get_by_text("WebP", exact=True).click()
        content = kept(visitor, words.KEEP_ANIMATION, "arles.colorized.webp")
        assert (opened(content).format, frames(content) > 10) == ("WEBP", True)
        page.get_by_role("button", name=words.PLAY).click()
        played = page.get_by_role("tabpanel").filter(visible=True).locator("img[src]").get_attribute("src")
        assert frames(page.request.get(f"{app}{played}" if str(played).startswith("/") else str(played)).body()) > 10


def test_two_visitors_at_once_see_their_own(browser: Browser, app: str, tmp_path: Path) -> None:
    with enter(browser, app) as one, enter(browser, app) as other:
        for number, visitor in enumerate((one, other)):
            visitor.upload(write(tmp_path / f"mine{number}.png", number, 90 + number))
        for number, visitor in enumerate((one, other)):
            shown(visitor)
            assert f"mine{1 - number}" not in visitor.page.content()
            visitor.page.get_by_role("tab", name="Files").click()
            name, content = visitor.download(words.KEEP_PICTURE)
            assert (name, opened(content).size) == (f"mine{number}.colorized.png", (90 + number, 80))
            name, content = visitor.download(words.KEEP_ALL)
            assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [f"mine{number}.colorized.png"]


def test_what_goes_wrong_is_a_sentence_and_the_work_can_be_cancelled(
    browser: Browser, app: str, tmp_path: Path
) -> None:
    hostile = tmp_path / "<img src='http:evil.example' onerror='alert(1)'> ![x](http:evil.example).png"
    hostile.write_bytes(photograph_bytes(1)[:900])
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with enter(browser, app) as visitor:
        page = visitor.page
        visitor.upload(hostile, tmp_path / "huge.png", write(tmp_path / "large.png", 1, 900, 700))
        shown(visitor)
        page.get_by_text("onerror='alert(1)'").filter(has_text="cannot be decoded").wait_for()
        page.get_by_text("huge.png has more than the 64 MiB").wait_for()
        page.get_by_role("tab", name="Side by side").click()
        page.get_by_role("button", name=words.COMPARE).press("Enter")
        page.get_by_text("unreadable is left out").wait_for()
        page.get_by_role("tab", name="Large photographs").click()
        page.get_by_role("button", name="Start").press("Enter")
        page.get_by_text("tiles").filter(has_text="of").wait_for()
        page.get_by_role("button", name="Cancel").press("Enter")
        page.get_by_text("stopped after").wait_for()
        assert "Traceback" not in page.content()
        large = source(visitor)
        visitor.upload(write(tmp_path / "small.png", 2))
        shown(visitor, instead_of=large)
        page.get_by_role("button", name="Start").press("Enter")
        page.get_by_text("done").filter(visible=True).first.wait_for()
        page.get_by_role("tab", name="Picture").click()
        page.get_by_text("in tiles of 512 pixels").wait_for()
        classification = source(visitor)
        page.get_by_text("regression", exact=True).first.click()
        shown(visitor, instead_of=classification)
        assert slider(visitor, words.TEMPERATURE).is_disabled()


def test_on_a_phone_in_the_dark_by_keyboard(browser: Browser, framework: str, app: str) -> None:
    with enter(browser, app, width=390, height=1900, dark=True) as visitor:
        page = visitor.page
        page.locator("#samples button, [data-testid=stButtonGroup] button").nth(5).press("Enter")
        first = shown(visitor)
        slider(visitor, words.TEMPERATURE).press("ArrowLeft")
        shown(visitor, instead_of=first)
        page.locator(".stage .frame").press("ArrowLeft")
        page.get_by_text("Likeliest bins").wait_for()
        slider(visitor, "Before and after").press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        background = page.evaluate("getComputedStyle(document.querySelector('.stApp, body')).backgroundColor")
        assert max(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(",")) < 60
        visitor.photograph(f"{framework}-phone")
        links = page.get_by_role("link", name="Model card").or_(page.get_by_role("link", name="Audit:"))
        for link in links.all():
            with visitor.context.expect_page() as document:
                link.press("Enter")
            document.value.wait_for_load_state()
            assert document.value.locator("h1").count() > 0
