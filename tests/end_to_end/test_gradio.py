"""The Gradio app in a real browser."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, sync_playwright

from tests.browsing import Visitor, chromium, photograph_bytes, save_small_model, served


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gradio")
    with served("gradio", "--model", str(save_small_model(folder / "small")), folder=folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


def enter(browser: Browser, address: str) -> Visitor:
    visitor = Visitor(browser)
    visitor.page.goto(address)
    visitor.page.get_by_role("tab", name="Picture").wait_for()
    return visitor


def upload(visitor: Visitor, *files: FilePayload) -> None:
    visitor.page.locator("input[type=file]").first.set_input_files(list(files))


def test_two_visitors_see_and_download_their_own(browser: Browser, address: str) -> None:
    visitors = [enter(browser, address), enter(browser, address)]
    for number, visitor in enumerate(visitors):
        upload(visitor, file(f"mine{number}.png", photograph_bytes(number, 90 + number)))
        visitor.page.locator("#facts").get_by_text("outside sRGB").wait_for()
    for number, visitor in enumerate(visitors):
        assert visitor.page.get_by_label("Photograph", exact=True).input_value() == f"mine{number}.png"
        visitor.page.get_by_role("tab", name="Download").click()
        visitor.page.locator("#make").click()
        with visitor.page.expect_download() as download:
            visitor.page.locator("#one:not([disabled])").click()
        picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert (download.value.suggested_filename, picture.size) == (f"mine{number}.colorized.png", (90 + number, 80))
        visitor.photograph(f"gradio-{number}")
        visitor.leave()


def test_a_slider_the_reason_and_a_sentence(browser: Browser, address: str) -> None:
    visitor = enter(browser, address)
    upload(visitor, file("no.png", b"no picture"), file("yes.png", photograph_bytes(1)))
    visitor.page.get_by_text("no.png:").first.wait_for()
    assert "Traceback" not in visitor.page.content()
    visitor.page.locator("#facts").get_by_text("outside sRGB").wait_for()
    before = visitor.page.locator("#picture img").get_attribute("src")
    visitor.page.get_by_role("slider").first.focus()
    visitor.page.keyboard.press("Home")
    visitor.page.wait_for_function(
        "before => document.querySelector('#picture img').getAttribute('src') !== before", arg=before
    )
    visitor.page.locator("#picture img").click()
    visitor.page.locator("#because").get_by_text("Likeliest bins").wait_for()
    visitor.leave()
