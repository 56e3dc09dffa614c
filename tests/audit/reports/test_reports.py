import json
import os
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from audit.model import Check, Evidence, InputHash, Location, Report, RunFacts, Verdict
from audit.reports import files, json_report, markdown, terminal, wording
from audit.reports.advice import steps
from tests.audit.reports.samples import FULL, GRAVE, NOTEBOOK

FACTS = RunFacts("2026-01-01T00:00:00+00:00", "c0ffee", "clean", "3.11.7", "Linux", (("stubs", 0.1),))


def printed(report, **options):
    console = Console(width=200, file=StringIO())
    console.print(terminal.render(report, **options))
    return console.file.getvalue()


def test_the_markdown_report_says_verdict_reason_evidence_and_limits():
    text = markdown.render(FULL)
    for part in (
        "# Audit of thing &lt;b>",
        "**! error**: stubs, secrets, paper.p.s, coverage.a failed; other broke down; open stayed unknown; "
        "tests.run did not run; required and without a result: tests, absent.",
        "To have tests.run checked: run `make test`.",
        "`mypy`, mypy 2, sha256 bbbbbbbbbbbb… of a",
        "skipped: x",
        "0.38 ± 0.001",
        "**✗ fail** K measured 10 bins, paper 5.",
        "## Critical findings (1)",
        "## Minor findings (1)",
        "- `n.ipynb#cell=3:2`: work left in `f` — `` # `x` | <y> & z ``",
        "Risk: nobody is reminded",
        "## What to do, in this order",
        "| history | only files | scan it",
    ):
        assert part in text
    assert text.index("Critical findings") < text.index("Minor findings")


def test_tables_are_whole():
    for line in markdown.table(("a", "b"), [("x|y", "line\nbreak"), ("", "z")]).splitlines():
        assert line.replace("\\|", "").count("|") == 3


def test_a_cell_that_is_too_wide_stretches_no_other():
    lines = markdown.table(("a", "b"), [("x" * 500, "y"), ("z", "y")]).splitlines()
    assert max(len(line) for line in lines if "xxx" not in line) < 80
    assert "x" * 500 in lines[2]


def test_of_many_inputs_the_first_are_named_and_the_rest_counted():
    inputs = tuple(InputHash(f"{number}.py", "0" * 64) for number in range(5))
    text = markdown.described(Evidence("c", 1, 1, "x", inputs=inputs))
    assert text.endswith("of 2.py, and 2 more in report.json")


def test_many_findings_are_cut_and_the_rest_counted():
    many = tuple(replace(NOTEBOOK, location=Location("a.py", line)) for line in range(1, 81))
    text = markdown.render(Report("x", "tree", (Check("stubs", "S", Verdict.FAIL, "", many),)))
    assert text.count("- `a.py:") == markdown.SHOWN
    assert "… and 30 more, in report.json." in text
    report = Report("x", "tree", (Check("s", "S", Verdict.FAIL, "", many),))
    assert printed(report).count("a.py:") == 80
    assert "… and 65 more here" in printed(report, shown=15, more="here")


def test_the_json_report_holds_everything_in_a_versioned_shape():
    document = json.loads(json_report.render(FULL))
    assert document["schema_version"] == 3
    assert document["verdict"] == "error"
    assert [check["id"] for check in document["checks"]] == [check.id for check in FULL.checks]
    assert document["checks"][0]["findings"][0]["location"] == {"path": "n.ipynb", "line": 2, "cell": 3}
    assert document["checks"][4]["rows"][1]["evidence"]["measured"] == 10


def test_the_terminal_names_failing_rows_and_hides_the_others_unless_asked():
    text = printed(FULL)
    assert "K measured 10 bins, paper 5" in text
    assert "T measured" not in text
    assert "T measured" in printed(FULL, all_rows=True)
    assert "tests.run: not run; run `make test`" in text


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
    files.write_all(first, FULL, FACTS)
    files.write_all(second, FULL, replace(FACTS, started="later", commit="decaf"))
    for name in ("report.md", "report.json", "report.sarif", "report.xml", "report.html"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert json.loads((second / "run.json").read_text())["started"] == "later"
    assert {path.name for path in first.iterdir()} == set(files.ALL)


def test_whether_files_can_be_written_is_found_out_without_a_trace(tmp_path):
    (tmp_path / "there.md").write_text("old")
    files.probe([tmp_path / "there.md", tmp_path / "new/deeper/report.md"])
    assert [path.name for path in tmp_path.iterdir()] == ["there.md"]
    assert (tmp_path / "there.md").read_text() == "old"
    with pytest.raises(OSError, match=r"there\.md/x"):
        files.probe([tmp_path / "there.md/x"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file"):
        files.probe([tmp_path / "pipe"])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.md"
    files.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_markdown_report_has_the_shape_of_a_review():
    text = markdown.render(FULL)
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert sections == [
        "## Criteria",
        "## Score: 43.2 of 100",
        "## A paper, measured on s",
        "## Critical findings (1)",
        "## Quality findings (1)",
        "## Minor findings (1)",
        "## Suppressed findings (2)",
        "## Strengths, measured",
        "## What to do, in this order",
        "## What was not checked",
    ]
    for part in (
        "**Score**: 43.2 of 100, held down most by secrets (66.7); without tests.run, which came to no result.",
        "**Findings**: 1 critical, 1 major, 1 minor.",
        "The rules that ran: recall 0.92, precision 0.92 on 12 planted defects and near misses",
        "of the audit's own corpus, an upper bound.",
        "In this run: without lint.",
        "*(known from the baseline)*",
        "| `a.py:4` | `paths.home` | work left in `f` | the lab's own | `a.py:4`",
        "- mypy finds no error: no error.",
        "1. `other` Find out why it broke down",
        "2. **critical** `secrets.token` in `folder with space/ä.py:7`: do it",
        "`paper.p.s` K measured 10 bins, paper 5.",
        "`coverage.a` write tests.",
    ):
        assert part in text, part


def test_strengths_are_only_what_was_measured():
    bare = Check("c", "Something fine", Verdict.PASS, "yes")
    proved = replace(bare, title="Something measured", evidence=(Evidence("probe", 1, 1),))
    text = markdown.render(Report("x", "tree", (bare, proved)))
    strengths = text.split("## Strengths, measured")[1]
    assert "Something measured: yes." in strengths
    assert "Something fine" not in strengths
    assert "Strengths" not in markdown.render(Report("x", "tree", (bare,)))


def test_recommendations_are_ordered_by_gravity_then_number_and_cut():
    findings = [
        replace(NOTEBOOK, rule=f"stubs.r{number:02}", location=Location("a.py", 100 * number + line))
        for number in range(12)
        for line in range(1, 2 + (number == 7))
    ]
    grave = replace(GRAVE, location=Location("z.py", 1))
    todo = [step.about for step in steps(Report("x", "tree", (Check("s", "S", Verdict.FAIL, "", (*findings, grave)),)))]
    assert todo[:3] == ["secrets.token", "stubs.r07", "stubs.r00"]
    assert len(todo) == 12
    assert todo[-1] == ""


def test_the_terminal_tells_the_score_the_states_and_the_conditions():
    text = printed(FULL)
    assert "Score 43.2 of 100, held down most by secrets (66.7); without tests.run" in text
    assert "recall 0.92, precision 0.92" in text
    assert "Findings (5: 2 open, 1 known, 2 suppressed)" in text
    assert "[suppressed: the lab's own]" in text
    assert "In this run: without lint" in text
    assert text.index("[known]") > text.index("n.ipynb#cell=3:2"), "what does not count comes last"


def test_without_a_result_there_is_no_score():
    assert "no score: nothing came to a result" in printed(Report("x", "tree", (Check("c", "C", Verdict.NOT_RUN, ""),)))


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ("P", "the only check passed."),
        ("PP", "both checks passed."),
        ("PPP", "all 3 checks passed."),
        ("D", "the only check passed, with deviations that are accepted"),
        ("DP", "both checks passed, 1 of them with deviations"),
    ],
)
def test_checks_are_counted_in_words(verdicts, words):
    kinds = {"P": Verdict.PASS, "D": Verdict.DEVIATION}
    checks = tuple(Check(str(number), "C", kinds[letter], "m") for number, letter in enumerate(verdicts))
    assert wording.headline(Report("x", "tree", checks)).startswith(words)


def test_what_cannot_be_written_is_named_by_its_own_name(tmp_path):
    with pytest.raises(OSError, match="gone") as caught:
        files.write(tmp_path / "gone/report.md", "x")
    assert caught.value.filename == str(tmp_path / "gone/report.md")
    files.write(tmp_path / f"{'n' * 240}.md", "x")
    assert (tmp_path / f"{'n' * 240}.md").read_text() == "x"
