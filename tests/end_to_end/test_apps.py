"""Both web apps in a real browser, as people use them: the same stories, told to each."""

import hashlib
import io
import os
import re
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
from tests.small_project import ROOT

ARTIST = 0x013B  # EXIF
PASTE = """content => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(content)], "pasted.png", {type: "image/png"}));
    document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true}));
}"""


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


def slider(visitor: Visitor, label: str) -> Locator:
    return visitor.page.get_by_role("slider", name=label)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def wipe(visitor: Visitor) -> str:
    return str(visitor.page.locator(".stage .frame").evaluate("frame => frame.style.getPropertyValue('--wipe')"))


def test_two_visitors_at_once_each_hand_in_photographs_and_take_out_files(
    browser: Browser, app: str, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "A. Nonymous"
    opened(photograph_bytes(1)).save(tmp_path / "last.jpg", exif=exif)
    with enter(browser, app) as visitor, enter(browser, app) as other:
        page = visitor.page
        visitor.upload(write(tmp_path / "first.png", 2), tmp_path / "last.jpg")
        other.page.evaluate(PASTE, list(photograph_bytes(3, 90)))
        shown(visitor)
        page.get_by_role("tab", name="Files").click()
        page.get_by_text("JPEG", exact=True).click()
        picture = opened(visitor.download(words.KEEP_PICTURE, "last.colorized.jpg"))
        assert (picture.format, picture.size) == ("JPEG", (96, 80))
        assert picture.getexif()[ARTIST] == "A. Nonymous"
        assert np.ptp(np.asarray(picture).astype(int), axis=2).max() > 20  # in colour
        with zipfile.ZipFile(io.BytesIO(visitor.download(words.KEEP_ALL, "colorized.zip"))) as archive:
            assert archive.namelist() == ["first.colorized.jpg", "last.colorized.jpg"]
            assert archive.testzip() is None
        gif = opened(visitor.download(words.KEEP_ANIMATION, "last.colorized.gif"))
        page.get_by_text("WebP", exact=True).click()
        webp = opened(visitor.download(words.KEEP_ANIMATION, "last.colorized.webp"))
        page.get_by_role("button", name=words.PLAY).click()
        address = str(page.get_by_role("tabpanel").filter(visible=True).locator("img[src]").get_attribute("src"))
        played = opened(page.request.get(address if address.startswith("http") else f"{app}{address}").body())
        assert (gif.format, webp.format) == ("GIF", "WEBP")
        assert all(getattr(moving, "n_frames", 1) > 2 for moving in (gif, webp, played))  # equal ones may be merged

        shown(other)
        assert "last.jpg" in page.content()
        assert "last.jpg" not in other.page.content()
        other.page.get_by_role("tab", name="Files").click()
        with zipfile.ZipFile(io.BytesIO(other.download(words.KEEP_ALL, "colorized.zip"))) as archive:
            assert archive.namelist() == ["pasted.colorized.png"]
            assert opened(archive.read("pasted.colorized.png")).size == (90, 80)


def test_what_goes_wrong_is_a_sentence_and_the_work_can_be_cancelled(
    browser: Browser, app: str, tmp_path: Path
) -> None:
    hostile = tmp_path / "<img src='http:evil.example' onerror='alert(1)'> ![x](http:evil.example).png"
    hostile.write_bytes(photograph_bytes(1)[:900])
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with enter(browser, app) as visitor:
        page = visitor.page
        visitor.upload(hostile, tmp_path / "huge.png", write(tmp_path / "large.png", 1, 1300, 1000))
        shown(visitor)
        page.get_by_text("onerror='alert(1)'").filter(has_text="cannot be decoded").wait_for()
        page.get_by_text(re.compile("has more than the 64 MiB|must be 64.0MB or smaller")).first.wait_for()
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


def test_a_sample_on_a_phone_in_the_dark_by_keyboard_and_at_a_desk(browser: Browser, framework: str, app: str) -> None:
    with enter(browser, app, width=390, height=1900, dark=True) as visitor:
        page = visitor.page
        page.locator("#samples button, [data-testid=stButtonGroup] button").nth(5).press("Enter")
        first = shown(visitor)
        picture = page.locator(".stage .frame").bounding_box()
        choices = page.get_by_text("Method", exact=True).bounding_box()
        assert picture is not None
        assert choices is not None
        assert picture["y"] < min(700, choices["y"])  # on the first page of a phone
        slider(visitor, words.TEMPERATURE).press("ArrowLeft")
        shown(visitor, instead_of=first)
        page.locator(".stage .frame").press("ArrowLeft")
        page.get_by_text("Likeliest bins").wait_for()
        slider(visitor, "Before and after").press("ArrowRight")
        assert wipe(visitor) == "1%"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        background = page.evaluate("getComputedStyle(document.querySelector('.stApp, body')).backgroundColor")
        assert max(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(",")) < 60
        assert page.get_by_test_id("stMainMenu").count() == 0  # Streamlit's own
        coloured = page.request.post(f"{app}/api/colorize?model=a-small-one", data=photograph_bytes(1))
        assert opened(coloured.body()).size == (96, 80)
        assert page.request.post(f"{app}/api/colorize", headers={"host": "evil.example"}).status == 400
        visitor.photograph(f"{framework}-phone")
        for name in ("Model card", "Audit:"):
            with visitor.context.expect_page() as document:
                page.get_by_role("link", name=name).press("Enter")
            assert document.value.locator("h1").first.inner_text() != ""

        page.set_viewport_size({"width": 1280, "height": 1400})
        page.emulate_media(color_scheme="light")
        place = slider(visitor, words.TEMPERATURE).bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + 0.37 * place["width"], place["y"] + place["height"] / 2)
        before = source(visitor)
        page.mouse.down()
        page.mouse.move(place["x"] + 0.1 * place["width"], place["y"] + place["height"] / 2, steps=3)
        shown(visitor, instead_of=before)  # while the button is down
        page.mouse.up()
        slider(visitor, words.BLEND).press("Home")
        until(visitor, lambda: source(visitor) == source(visitor, "before"))
        slider(visitor, words.BLEND).press("End")
        shown(visitor, instead_of=source(visitor, "before"))
        words_before = page.get_by_text("Likeliest bins").inner_text()
        page.locator(".stage .frame").click(position={"x": 400, "y": 60})
        until(visitor, lambda: page.get_by_text("Likeliest bins").inner_text() != words_before)
        frame = page.locator(".stage .frame").bounding_box()
        assert frame is not None
        page.mouse.move(frame["x"] + 100, frame["y"] + 100)
        page.mouse.down()
        page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 100, steps=2)
        page.mouse.up()
        assert wipe(visitor) == "50%"
        visitor.photograph(framework)
