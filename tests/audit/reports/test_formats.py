"""What an audited tree can put into a report: words, and nothing that a terminal, browser or viewer would obey."""

import json
import os
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from rich.console import Console

from audit import engine
from audit.config import Config
from audit.gate import baseline
from audit.model import Check, Report, Verdict
from audit.reports import formats, markdown, terminal, wording
from audit.reports.formats import Format
from tests.audit.reports.samples import EMPTY, FULL, NOTEBOOK

BELL = "\x1b[31m\x07\u202e"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The report on a tree whose names and comments hold control characters and broken UTF-8."""
    folder = tmp_path_factory.mktemp("tree")
    text = "def f():  # audit: ignore[stubs] <img src=x> ![p](x:y) \x1b[31m\u202e\n    pass\n\n\ndef g():\n    pass\n"
    (folder / "a.py").write_text(text)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[2J|`.py")).write_text("def h():\n    pass\n")
    return engine.audit_tree(folder, ["stubs", "suppressions"]).report


@pytest.mark.parametrize("form", Format)
def test_nothing_in_it_is_obeyed(hostile, form):
    text = formats.render(hostile, form)
    assert not wording.UNSAFE.search(text)
    assert "<img" not in text or form in (Format.TERMINAL, Format.JSON, Format.SARIF)
    assert text.encode("utf-8")
    if form in (Format.JSON, Format.SARIF):
        assert json.loads(text)
    if form is Format.JUNIT:
        assert xml.fromstring(text) is not None
    if form is Format.MARKDOWN:
        assert "![p](x:y)" not in text


def test_nothing_on_the_screen_is_obeyed(hostile):
    console = Console(file=StringIO(), width=200, color_system=None)
    console.print(terminal.render(hostile))
    assert not wording.UNSAFE.search(console.file.getvalue())


def test_its_baseline_can_be_written_and_read(hostile, tmp_path):
    known = baseline.renewed(hostile, baseline.Baseline(), Config(), ())
    (tmp_path / "b.json").write_text(baseline.render(known), encoding="utf-8")
    assert {entry.rule for entry in baseline.read(tmp_path / "b.json").entries} == {"stubs.function"}


@pytest.mark.parametrize("text", ["plain", "`one`", "``two`` <img>", "end `", "````"])
def test_no_text_ends_its_own_span_of_code(text):
    span = markdown.code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span == f"{fence}{text}{fence}" or span == f"{fence} {text} {fence}"
    assert max((len(run) for run in re.findall("`+", text)), default=0) < len(fence)


def test_safe_text_keeps_its_length_and_its_lines():
    assert wording.safe(f"a{BELL}\n\tb") == "a\ufffd[31m\ufffd\ufffd\n\tb"


@pytest.mark.parametrize("report", [FULL, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("form", Format)
def test_the_same_result_is_the_same_text(report, form):
    assert formats.render(report, form) == formats.render(report, form)
    assert formats.render(report, form).endswith("\n")


@pytest.mark.parametrize("form", Format)
def test_a_file_s_name_asks_for_its_rendering(form, tmp_path):
    assert formats.of_file(Path(form.file)) is form
    (tmp_path / form.file).mkdir()
    assert formats.of_file(tmp_path / form.file) is None
    assert formats.of_file(Path("reports/audit.v1")) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a/__init__.py and `b/__init__.py`", r"a/\_\_init\_\_.py and `b/__init__.py`"),
        ("snake_case, _own and *", r"snake_case, \_own and \*"),
        ("<b> & &lt;", "&lt;b> &amp; &amp;lt;"),
        (r"\[a](b)", r"\\\[a](b)"),
        ("one ` alone", r"one \` alone"),
        ("``<b>``", r"\`\`&lt;b>\`\`"),
        ("`one` ``two``", r"`one` \`\`two\`\`"),
        ("a\n\n# b", "a  # b"),
    ],
)
def test_words_of_a_tree_are_words_in_markdown(text, shown):
    assert wording.plain(text) == shown


def test_a_name_with_line_breaks_begins_no_line_of_a_report(tmp_path):
    (tmp_path / "a\n\n# Fine\n\n✓ pass.py").write_text("def f():\n    pass\n")
    (tmp_path / "b\n# Fine <img>.py").symlink_to("nowhere")
    report = engine.audit_tree(tmp_path, ["stubs"]).report
    for form in (Format.TERMINAL, Format.MARKDOWN):
        lines = formats.render(report, form).split("\n")
        assert not [line for line in lines if line.startswith(("# Fine", "✓ pass.py", "<img"))]
        assert not [line for line in lines if "<img" in line]


def test_a_line_that_stands_in_the_message_is_not_quoted_again():
    finding = replace(NOTEBOOK, excerpt="except:", message="`except:` drops every error")
    assert wording.excerpt(finding) == ""
    assert wording.excerpt(replace(finding, excerpt="except: # x")) == "except: # x"
    report = Report("x", "tree", (Check("stubs", "S", Verdict.FAIL, "", (finding,)),))
    assert markdown.render(report).count("`except:`") == 1
    assert "<pre>" not in formats.render(report, Format.HTML)
