"""The Streamlit app in a real browser."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, sync_playwright

from tests.browsing import Visitor, chromium, photograph_bytes, save_small_model, served


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("streamlit")
    with served("streamlit", "--model", str(save_small_model(folder / "small")), folder=folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


def enter(browser: Browser, address: str) -> Visitor:
    visitor = Visitor(browser)
    visitor.page.goto(address)
    visitor.page.get_by_text("No photograph yet").wait_for()
    return visitor


def upload(visitor: Visitor, name: str, content: bytes) -> None:
    payload: FilePayload = {"name": name, "mimeType": "image/png", "buffer": content}
    visitor.page.locator("input[type=file]").first.set_input_files([payload])


def test_two_visitors_see_and_download_their_own(browser: Browser, address: str) -> None:
    visitors = [enter(browser, address), enter(browser, address)]
    for number, visitor in enumerate(visitors):
        upload(visitor, f"mine{number}.png", photograph_bytes(number, 90 + number))
        visitor.page.get_by_text("outside sRGB").wait_for()
    for number, visitor in enumerate(visitors):
        assert visitor.page.get_by_text(f"mine{1 - number}.png").count() == 0
        visitor.page.get_by_role("tab", name="Files").click()
        visitor.page.get_by_role("button", name="Make the file at full size").click()
        with visitor.page.expect_download() as download:
            visitor.page.get_by_role("button", name="Download the picture").click()
        picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert (download.value.suggested_filename, picture.size) == (f"mine{number}.colorized.png", (90 + number, 80))
        visitor.photograph(f"streamlit-{number}")
        visitor.leave()


def test_the_reason_the_tiles_and_a_sentence(browser: Browser, address: str) -> None:
    visitor = enter(browser, address)
    upload(visitor, "no.png", b"no picture")
    visitor.page.get_by_text("no.png:").wait_for()
    assert "Traceback" not in visitor.page.content()
    upload(visitor, "yes.png", photograph_bytes(1))
    visitor.page.get_by_text("outside sRGB").wait_for()
    visitor.page.get_by_text("Why this colour?").click()
    visitor.page.get_by_text("Likeliest bins").wait_for()
    visitor.page.get_by_role("tab", name="Large photographs").click()
    visitor.page.get_by_role("button", name="Start").click()
    visitor.page.get_by_text("Done: the picture").wait_for()
    visitor.leave()
