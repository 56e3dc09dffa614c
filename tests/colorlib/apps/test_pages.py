"""Both pages in a real browser: what stays on them, and what goes, when something else is chosen."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from colorlib.apps.studio import words
from tests.browsing import PATIENCE, Visitor, chromium, photograph_bytes, save_small_model, served


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_small_model(folder / "small")
    save_small_model(folder / "regression", "regression")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def gradio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("gradio", "--model", str(models), folder=tmp_path_factory.mktemp("gradio")) as address:
        yield address


@pytest.fixture(scope="module")
def streamlit(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("streamlit", "--model", str(models), folder=tmp_path_factory.mktemp("streamlit")) as address:
        yield address


@pytest.fixture(scope="module", params=["gradio", "streamlit"])
def app(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Two, of different shapes."""
    paths = [tmp_path / "first.png", tmp_path / "second.png"]
    for seed, path in enumerate(paths):
        path.write_bytes(photograph_bytes(seed, 96 + 24 * seed))
    return paths


def enter(browser: Browser, app: str) -> Visitor:
    visitor = Visitor(browser, height=1400)
    visitor.page.goto(app)
    visitor.page.get_by_text(words.NOTHING_YET).wait_for()
    # Streamlit forgets a click on what its first run is still to draw again.
    visitor.page.locator("gradio-app, [data-test-script-state=notRunning]").first.wait_for(state="attached")
    return visitor


def until(visitor: Visitor, holds: Callable[[], bool]) -> None:
    """Wait for what no event tells of."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        visitor.page.wait_for_timeout(50)


def picture(visitor: Visitor) -> str:
    """The address of what the stage shows; empty for nothing."""
    found = visitor.page.locator(".stage .after")
    return (found.get_attribute("src") or "") if found.count() else ""


def another(visitor: Visitor, than: str = "") -> str:
    """Wait for a picture (for another one)."""
    until(visitor, lambda: picture(visitor) not in ("", than))
    return picture(visitor)


def zipped(visitor: Visitor) -> list[str]:
    visitor.page.get_by_role("tab", name="Files").click()
    with zipfile.ZipFile(io.BytesIO(visitor.download(words.KEEP_ALL, "colorized.zip"))) as archive:
        return archive.namelist()


def test_what_was_made_from_something_else_does_not_stay_up(
    browser: Browser, gradio: str, photographs: list[Path]
) -> None:
    with enter(browser, gradio) as visitor:
        page = visitor.page
        sheet, moving, why = page.locator("#sheet img"), page.locator("#moving img"), page.locator("#why img")
        because = page.locator("#because")
        temperature = page.get_by_role("slider", name=words.TEMPERATURE)

        def make() -> None:
            page.get_by_role("tab", name="Side by side").click()
            page.get_by_role("button", name=words.COMPARE).click()
            sheet.nth(4).wait_for()
            page.get_by_role("tab", name="Files").click()
            page.get_by_role("button", name=words.PLAY).click()
            moving.wait_for()
            page.get_by_role("tab", name="Picture").click()

        visitor.upload(photographs[0])
        first = another(visitor)
        page.locator(".stage .frame").click(position={"x": 30, "y": 30})
        because.get_by_text("T = 0.38").wait_for()
        drawn = why.get_attribute("src")
        make()
        temperature.press("End")
        because.get_by_text("T = 1").wait_for()
        until(visitor, lambda: why.get_attribute("src") != drawn and moving.count() == 0)
        assert sheet.count() > 0  # it has temperatures of its own
        page.get_by_role("slider", name=words.BLEND).press("Home")
        until(visitor, lambda: sheet.count() == 0)
        make()
        page.get_by_text("regression", exact=True).first.click()
        until(visitor, lambda: sheet.count() + moving.count() == 0 and not page.locator("#why").is_visible())
        assert "T = 1" not in because.inner_text()
        page.get_by_text("classification", exact=True).first.click()
        because.get_by_text("T = 1").wait_for()
        make()
        visitor.upload(photographs[1])
        another(visitor, first)
        until(visitor, lambda: sheet.count() + moving.count() == 0 and words.ASK in because.inner_text())


def test_what_is_taken_off_the_list_is_gone(browser: Browser, app: str, photographs: list[Path]) -> None:
    with enter(browser, app) as visitor:
        page = visitor.page
        visitor.upload(*photographs)
        second = another(visitor)
        remove = page.get_by_role("button", name="Remove")
        remove.nth(1).click()
        first = another(visitor, second)
        assert zipped(visitor) == ["first.colorized.png"]
        visitor.upload(photographs[1])
        page.get_by_role("tab", name="Picture").click()
        until(visitor, lambda: picture(visitor) == second)
        remove.nth(0).click()
        until(visitor, lambda: zipped(visitor) == ["second.colorized.png"])
        page.get_by_role("tab", name="Picture").click()
        assert picture(visitor) == second != first
        page.get_by_role("button", name="Clear").or_(remove).first.click()
        page.get_by_text(words.NOTHING_YET).wait_for()
        until(visitor, lambda: picture(visitor) == "")


def test_only_new_files_are_taken_and_what_is_no_picture_leaves_the_view_alone(
    browser: Browser, gradio: str, photographs: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "worse.jpg").write_bytes(b"no picture at all")
    with enter(browser, gradio) as visitor:
        page = visitor.page
        visitor.upload(photographs[0], tmp_path / "bad.jpg")
        first = another(visitor)
        page.get_by_text("bad.jpg is not an image").wait_for()
        page.locator("#samples button").nth(0).click()
        sample = another(visitor, first)
        page.get_by_test_id("toast-close").first.click()
        until(visitor, lambda: page.get_by_text("bad.jpg is not an image").count() == 0)
        visitor.upload(tmp_path / "worse.jpg")
        page.get_by_text("worse.jpg is not an image").wait_for()
        page.wait_for_timeout(500)
        assert page.get_by_text("bad.jpg is not an image").count() == 0
        assert picture(visitor) == sample


def test_what_was_clicked_or_uploaded_last_is_shown(browser: Browser, app: str, photographs: list[Path]) -> None:
    with enter(browser, app) as visitor:
        page = visitor.page
        samples = page.locator("#samples button, [data-testid=stButtonGroup] button")
        samples.nth(0).click()
        sample = another(visitor)
        visitor.upload(photographs[0])
        first = another(visitor, sample)
        samples.nth(0).click()
        until(visitor, lambda: picture(visitor) == sample)
        samples.nth(1).click()
        another(visitor, sample)
        samples.nth(0).click()
        until(visitor, lambda: picture(visitor) == sample)
        page.locator("input[type=file]").first.evaluate("input => { input.value = ''; }")  # as a click on it does
        visitor.upload(photographs[0])
        until(visitor, lambda: picture(visitor) == first)


def test_side_by_side_captions_wrap_and_pictures_keep_their_shape(
    browser: Browser, gradio: str, photographs: list[Path]
) -> None:
    with enter(browser, gradio) as visitor:
        page = visitor.page
        page.set_viewport_size({"width": 390, "height": 1400})
        visitor.upload(photographs[1])
        another(visitor)
        page.get_by_role("tab", name="Side by side").click()
        page.get_by_role("button", name=words.COMPARE).click()
        captions = page.locator("#sheet .caption-label")
        captions.nth(4).wait_for()
        assert captions.nth(1).inner_text() == "T = 0.1 · small"
        captions.nth(1).evaluate("caption => { caption.textContent = 'T = 0.1 · a name that is rather long'; }")
        assert captions.nth(1).evaluate("caption => caption.scrollWidth <= caption.clientWidth")
        assert captions.nth(1).evaluate("caption => getComputedStyle(caption).whiteSpace") == "normal"
        assert page.locator("#sheet img").first.evaluate("image => getComputedStyle(image).objectFit") == "contain"
        grid = page.locator("#sheet .grid-container")  # on a phone captions would cover narrow pictures
        assert " " not in grid.evaluate("grid => getComputedStyle(grid).gridTemplateColumns")


def test_sliders_show_that_they_have_the_focus(browser: Browser, gradio: str, photographs: list[Path]) -> None:
    with enter(browser, gradio) as visitor:
        visitor.upload(photographs[0])
        another(visitor)
        for label in (words.TEMPERATURE, words.BLEND):
            slider = visitor.page.get_by_role("slider", name=label)
            place = slider.bounding_box()
            assert place is not None
            around = {"x": place["x"] - 8, "y": place["y"] - 8, "width": place["width"] + 16, "height": 8}
            slider.evaluate("element => element.blur()")
            seen = []
            for _ in range(2):
                screenshot = visitor.page.screenshot(clip=around, animations="disabled")  # type: ignore[arg-type]
                seen.append(np.asarray(Image.open(io.BytesIO(screenshot)).convert("RGB")))
                slider.press("Shift")  # gives it the focus, by keyboard
            assert np.any(seen[0] != seen[1])
