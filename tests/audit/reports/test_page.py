"""The page as it is written, and as a real Chromium shows it."""

import re
import shutil
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Page, sync_playwright

from audit.model import Verdict
from audit.reports import page as written
from tests.audit.reports.samples import EMPTY, FULL

CHROMIUM = shutil.which("chromium") or "chromium"
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Tags(HTMLParser):
    """Every tag with its attributes, and whether all that opened was closed."""

    VOID = ("meta", "input", "br")

    def __init__(self):
        super().__init__()
        self.seen, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags(report):
    parser = Tags()
    parser.feed(written.render(report))
    parser.close()
    assert parser.open == []
    return parser.seen


@pytest.mark.parametrize("report", [FULL, EMPTY], ids=["full", "empty"])
def test_it_asks_for_nothing(report):
    for tag, attributes in tags(report):
        assert tag not in ("link", "img", "iframe", "object", "embed", "form[action]")
        assert not {"src", "action", "style", "onclick"} & set(attributes)
        assert attributes.get("href", "#").startswith("#")
    text = written.render(report)
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_text_of_the_target_is_text():
    text = written.render(FULL)
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<b>" not in re.search(r"<title>.*</title>", text)[0]


def test_the_same_result_is_the_same_bytes():
    assert written.render(FULL) == written.render(FULL)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(written.render(FULL), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def show(browser, address):
    """Opens the page; at the end nothing was asked for and nothing was said on the console."""
    pages, complaints = [], []

    def shown(width=1280, scheme="light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.on("request", lambda request: complaints.append(request.url) if request.url != address else None)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        pages.append(page)
        return page

    yield shown
    for page in pages:
        page.close()
    assert complaints == []


def visible(page):
    return page.locator(".finding:visible").evaluate_all("items => items.map(item => item.dataset.family)")


def test_filters_by_severity_family_state_and_words(show):
    page = show()
    assert len(visible(page)) == 5
    page.get_by_label("critical").uncheck()
    assert "secrets" not in visible(page)
    assert page.locator("#shown").text_content() == "4 of 5 shown"
    page.get_by_label("suppressed").uncheck()
    assert visible(page) == ["paths", "stubs"]
    page.get_by_label("Family").select_option("paths")
    assert visible(page) == ["paths"]
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("5 of 5 shown").wait_for()
    page.get_by_label("Search").fill("bell secrets.token")
    assert visible(page) == ["secrets"]


def test_it_can_be_used_with_the_keyboard_alone(show):
    page = show()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("n.ipynb#cell=3:2")
    assert visible(page) == ["stubs"]
    page.keyboard.press("Escape")
    assert len(visible(page)) == 5
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert "secrets" not in visible(page)
    page.locator(".finding:visible summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".finding details[open]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_can_be_read(show, width, scheme):
    page = show(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, paper = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (ink < paper) == (scheme == "light")
    sizes = page.locator("td, h3, p").evaluate_all(
        "items => items.map(item => parseFloat(getComputedStyle(item).fontSize))"
    )
    assert min(sizes) >= 14


def test_without_script_everything_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".finding:visible").count() == 5
    assert page.locator("#filters").is_hidden()
    context.close()


def test_every_verdict_and_number_is_said(show):
    text = show().locator("body").inner_text()
    for part in (
        "Audit of thing <b>", "43.2", "recall 0.92, precision 0.92 on 12 planted", "K measured 10 bins, paper 5",
        "What to do, in this order", "Strengths, measured", "What was not checked", "scan it", "run make test",
        "Not in the score: tests.run", "In this run: without lint",
    ):  # fmt: skip
        assert part in text, part
    assert all(verdict.replace("_", " ") in text for verdict in Verdict)
