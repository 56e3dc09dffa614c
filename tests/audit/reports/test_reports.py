import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from audit.model import (
    Check,
    Confidence,
    Evidence,
    Finding,
    InputHash,
    Location,
    NotChecked,
    Report,
    Row,
    RunFacts,
    Severity,
    Verdict,
)
from audit.reports import files, json_report, markdown, terminal, wording

FINDING = Finding(
    rule="stubs.todo",
    family="stubs",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
    location=Location("n.ipynb", 2, 3),
    message="work left",
    risk="nobody is reminded",
    fix="do it",
    excerpt="# `x` | y",
)
GRAVE = replace(FINDING, rule="secrets.token", severity=Severity.CRITICAL, location=Location("a.py", 7), excerpt="")
RIGHT = Row("t", "temperature", "T", "eq. 5", Verdict.PASS, Evidence("p", 0.38, 0.38, "1", 0.001), "T measured")
WRONG = Row("k", "neighbours", "K", "2.2", Verdict.FAIL, Evidence("p", 10, 5, "bins"), "K measured 10 bins, paper 5")
REPORT = Report(
    subject="thing",
    scope="project",
    checks=(
        Check("stubs", "Nothing is left empty", Verdict.FAIL, "1 finding", (FINDING, GRAVE)),
        Check("tests", "All tests pass", Verdict.NOT_RUN, "no evidence", remedy="run `make test`"),
        Check("coverage.a", "Covered", Verdict.NOT_RUN, "no evidence", remedy="run `make test`"),
        Check("paper.p.s", "A paper, measured on s", Verdict.FAIL, "1 of 2", rows=(RIGHT, WRONG)),
        Check(
            "types.mypy",
            "mypy finds no error",
            Verdict.PASS,
            "no error",
            evidence=(Evidence("mypy", 0, 0, "errors", versions=(("mypy", "2"),), inputs=(InputHash("a", "b" * 64),)),),
            notes=("skipped: x",),
        ),
    ),
    not_checked=(NotChecked("history", "only files", "scan it"),),
    required=("tests",),
)
FACTS = RunFacts("2026-01-01T00:00:00+00:00", "c0ffee", "clean", "3.11.7", "Linux", (("stubs", 0.1),))


def printed(report, **options):
    console = Console(width=200, file=StringIO())
    console.print(terminal.render(report, **options))
    return console.file.getvalue()


def test_the_markdown_report_says_verdict_reason_evidence_and_limits():
    text = markdown.render(REPORT)
    for part in (
        "# Audit of thing",
        "**✗ fail**: stubs, paper.p.s failed; tests, coverage.a did not run; required and without a result: tests.",
        "To have tests, coverage.a checked: run `make test`.",
        "`mypy`, mypy 2, sha256 bbbbbbbbbbbb… of a",
        "skipped: x",
        "0.38 ± 0.001",
        "**✗ fail** K measured 10 bins, paper 5.",
        "## Critical findings (1)",
        "## Minor findings (1)",
        "- `n.ipynb#cell=3:2`: work left — `` # `x` | y ``",
        "Risk: nobody is reminded",
        "## What to do, in this order",
        "| history | only files | scan it",
    ):
        assert part in text
    assert text.index("Critical findings") < text.index("Minor findings")


def test_tables_are_whole():
    for line in markdown.table(("a", "b"), [("x|y", "line\nbreak"), ("", "z")]).splitlines():
        assert line.replace("\\|", "").count("|") == 3


def test_many_findings_are_cut_and_the_rest_counted():
    many = tuple(replace(FINDING, location=Location("a.py", line)) for line in range(1, 81))
    text = markdown.render(Report("x", "tree", (Check("stubs", "S", Verdict.FAIL, "", many),)))
    assert text.count("- `a.py:") == markdown.SHOWN
    assert "… and 30 more, in report.json." in text
    assert f"… and {80 - terminal.SHOWN} more" in printed(
        Report("x", "tree", (Check("s", "S", Verdict.FAIL, "", many),))
    )


def test_the_json_report_holds_everything_in_a_versioned_shape():
    document = json.loads(json_report.render(REPORT))
    assert document["schema_version"] == 2
    assert document["verdict"] == "fail"
    assert [check["id"] for check in document["checks"]] == [check.id for check in REPORT.checks]
    assert document["checks"][0]["findings"][0]["location"] == {"path": "n.ipynb", "line": 2, "cell": 3}
    assert document["checks"][3]["rows"][1]["evidence"]["measured"] == 10


def test_the_terminal_names_failing_rows_and_hides_the_others_unless_asked():
    text = printed(REPORT)
    assert "K measured 10 bins, paper 5" in text
    assert "T measured" not in text
    assert "T measured" in printed(REPORT, all_rows=True)
    assert "tests, coverage.a: not run; run `make test`" in text


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_words(verdict):
    report = Report("x", "tree", (Check("c", "C", verdict, "m"),))
    assert wording.sign(verdict) in printed(report)
    assert wording.headline(report).endswith(".")
    assert wording.sign(verdict) in markdown.render(report)


def test_an_empty_report_says_that_nothing_was_audited():
    assert "nothing was audited" in wording.headline(Report("x", "tree", ()))
    assert "nothing was audited" in markdown.render(Report("x", "tree", ()))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (484, "484"), (32_235_385, "32,235,385"), (0.38, "0.38"), ("f" * 64, "ffffffffffff…"), ("x", "x")],
)
def test_numbers(value, text):
    assert wording.number(value) == text


def test_files_are_whole_and_what_differs_lies_apart(tmp_path):
    first, second = tmp_path / "one", tmp_path / "two"
    files.write_all(first, REPORT, FACTS)
    files.write_all(second, REPORT, replace(FACTS, started="later", commit="decaf"))
    for name in ("report.md", "report.json", "report.sarif", "report.xml", "report.html"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert json.loads((second / "run.json").read_text())["started"] == "later"
    assert len(list(first.iterdir())) == 6


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.md"
    files.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
