import json
from datetime import date

import pytest

from audit import engine
from audit.config import parse
from audit.gate import suppressions
from audit.model import State, Verdict

TODAY = date(2026, 11, 22)
STUB = "def f():{comment}\n    pass\n"


def audited(folder, *, today=TODAY, **table):
    table = {"select": ["stubs", "paths", "documents", "suppressions"], **table}  # the others start other programs
    return engine.audit_tree(folder, config=parse(table), today=today).report


def code(*lines, outputs=()):
    return {"cell_type": "code", "outputs": list(outputs), "source": list(lines)}


def states(report, rule="stubs.function"):
    return [(str(item.location), item.state) for item in report.findings if item.rule == rule]


def about(report):
    """What the report says about the suppressions themselves."""
    return [(item.rule, str(item.location)) for item in report.findings if item.family == "suppressions"]


@pytest.mark.parametrize("rule", suppressions.RULES, ids=lambda rule: rule.id)
def test_every_rule_speaks_on_its_bad_examples_and_only_there(rule, tmp_path):
    assert rule.bad
    assert rule.good
    for expected, examples in ((True, rule.bad), (False, rule.good)):
        for number, example in enumerate(examples):
            folder = tmp_path / f"{expected}{number}"
            for path, text in example.files:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text.lstrip("\n"), encoding="utf-8")
            said = {name for name, _ in about(audited(folder))}
            assert said == ({rule.id} if expected else set())


@pytest.mark.parametrize(
    "text",
    [
        STUB.format(comment="  # audit: ignore[stubs.function] the protocol asks for it"),
        STUB.format(comment="  # audit: ignore[stubs] the protocol asks for it"),
        STUB.format(comment="  # noqa  # audit: ignore[paths.home, stubs.function] the protocol asks for it"),
        "# audit: ignore[stubs.function] the protocol asks for it\n\n# more\n" + STUB.format(comment=""),
        STUB.format(comment="  # audit:ignore[stubs.function] the protocol asks for it"),
        STUB.format(comment="  #AUDIT: Ignore[stubs.function] the protocol asks for it"),
        STUB.format(comment="  # Audit:  ignore [stubs.function] the protocol asks for it"),
    ],
)
def test_a_comment_with_a_reason_suppresses_and_the_report_lists_it(tmp_path, text):
    (tmp_path / "a.py").write_text(text)
    report = audited(tmp_path)
    ((_, state),) = states(report)
    assert state is State.SUPPRESSED
    (finding,) = report.in_state(State.SUPPRESSED)
    assert finding.reason == "the protocol asks for it"
    assert finding.suppressed_in.startswith("a.py:")
    assert next(check for check in report.checks if check.id == "stubs").verdict is Verdict.DEVIATION
    assert engine.exit_code(report) is engine.Exit.PASS


def test_without_a_reason_it_suppresses_nothing(tmp_path):
    (tmp_path / "a.py").write_text(STUB.format(comment="  # audit: ignore[stubs.function]"))
    report = audited(tmp_path)
    assert states(report) == [("a.py:1", State.OPEN)]
    assert about(report) == [("suppressions.reason", "a.py:1")]
    assert engine.exit_code(report) is engine.Exit.GATE_FAILED


def test_it_ends_on_the_day_after_its_last_one(tmp_path):
    (tmp_path / "a.py").write_text(STUB.format(comment="  # audit: ignore[stubs] later until 2027-01-31"))
    assert states(audited(tmp_path, today=date(2027, 1, 31))) == [("a.py:1", State.SUPPRESSED)]
    late = audited(tmp_path, today=date(2027, 2, 1))
    assert states(late) == [("a.py:1", State.OPEN)]
    assert about(late) == [("suppressions.expired", "a.py:1")]
    (finding,) = [item for item in late.findings if item.family == "suppressions"]
    assert "2027-01-31" in finding.message


def test_other_lines_and_rules_stay_open(tmp_path):
    text = STUB.format(comment="  # audit: ignore[stubs.class] why") + "\n\n" + "def g():\n    pass\n"
    (tmp_path / "a.py").write_text(text)
    report = audited(tmp_path)
    assert {state for _, state in states(report)} == {State.OPEN}
    assert about(report) == [("suppressions.stale", "a.py:1")]


def test_stale_is_only_what_could_be_judged(tmp_path):
    (tmp_path / "a.py").write_text("x = 1  # audit: ignore[lint.E501] long\ny = 2  # audit: ignore[stubs.todo] x\n")
    assert about(audited(tmp_path)) == [("suppressions.stale", "a.py:2")]
    assert about(audited(tmp_path, select=["paths", "suppressions"])) == []
    assert about(audited(tmp_path, select=["stubs"])) == []


def test_a_mistyped_rule_is_named_with_the_nearest(tmp_path):
    (tmp_path / "a.py").write_text("x = 1  # audit: ignore[stubs.tod] why\n")
    (finding,) = audited(tmp_path).findings
    assert finding.rule == "suppressions.unknown"
    assert "did you mean 'stubs.todo'?" in finding.message


def test_notebooks_by_line_and_by_cell_with_what_they_print(tmp_path):
    home = "/".join(("", "home", "alice", "x"))
    printed = [{"output_type": "stream", "text": [f"read {home}\n"]}]
    cells = [
        {"cell_type": "markdown", "source": ["# x"]},
        code("%time\n", "def f():  # audit: ignore[stubs] an exercise\n", "    pass"),
        code("# audit: ignore[paths, stubs] run once\n", "def g():\n", "    pass", outputs=printed),
        code("x = 1", outputs=printed),
    ]  # fmt: skip
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    report = audited(tmp_path)
    assert states(report) == [("n.ipynb#cell=1:2", State.SUPPRESSED), ("n.ipynb#cell=2:2", State.SUPPRESSED)]
    assert states(report, "paths.output") == [("n.ipynb#cell=2:1", State.SUPPRESSED), ("n.ipynb#cell=3:1", State.OPEN)]
    assert about(report) == []


def test_documents_and_configuration(tmp_path):
    home = "/".join(("", "home", "alice", "x"))
    (tmp_path / "c.yaml").write_text(f"# audit: ignore[paths] the lab's own machine\npath: {home}\nother: {home}\n")
    (tmp_path / "d.md").write_text("<!-- audit: ignore[paths.home] nothing there -->\ntext\n")
    (tmp_path / "f.toml").write_text(f"path = '{home}'  # Audit:ignore[paths] the lab's own machine\n")
    (tmp_path / "g.md").write_text("<!--AUDIT:IGNORE[paths.home] nothing there-->\ntext\n")
    (tmp_path / "e.json").write_text('{"x": "# audit: ignore[paths] no comment"}\n')
    report = audited(tmp_path)
    assert ("c.yaml:2", State.SUPPRESSED) in states(report, "paths.home")
    assert ("c.yaml:3", State.OPEN) in states(report, "paths.home")
    assert states(report, "paths.home")[-1] == ("f.toml:1", State.SUPPRESSED)
    assert about(report) == [("suppressions.stale", "d.md:1"), ("suppressions.stale", "g.md:1")]


def test_the_table_covers_files_and_may_go_stale(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old/a.py").write_text(STUB.format(comment=""))
    (tmp_path / "b.py").write_text(STUB.format(comment=""))
    entry = {"rule": "stubs.function", "path": "old", "reason": "goes with the next release"}
    report = audited(tmp_path, suppress=[entry])
    assert states(report) == [("b.py:1", State.OPEN), ("old/a.py:1", State.SUPPRESSED)]
    assert report.in_state(State.SUPPRESSED)[0].suppressed_in == "pyproject.toml"
    stale = audited(tmp_path, suppress=[{**entry, "path": "older"}])
    assert about(stale) == [("suppressions.stale", "pyproject.toml")]
    ended = audited(tmp_path, suppress=[{**entry, "until": date(2026, 1, 1)}])
    assert about(ended) == [("suppressions.expired", "pyproject.toml")]


def test_comments_may_be_left_unheeded(tmp_path):
    (tmp_path / "a.py").write_text(STUB.format(comment="  # audit: ignore[stubs] why"))
    report = audited(tmp_path, comments=False)
    assert states(report) == [("a.py:1", State.OPEN)]
    assert "comments that suppress findings are not heeded" in report.conditions


def test_a_comment_below_what_does_not_parse_is_heeded(tmp_path):
    (tmp_path / "a.py").write_text(
        "def g():\n    x = 1\n   y = 2\n" + STUB.format(comment="  # audit: ignore[stubs.function] later")
    )
    report = audited(tmp_path)
    assert states(report) == [("a.py:4", State.SUPPRESSED)]


@pytest.mark.parametrize("text", ["x = '# audit: ignore[stubs] why'\n", "x = (  # audit: ignore[stubs\n"])
def test_strings_and_what_does_not_parse_suppress_nothing(tmp_path, text):
    (tmp_path / "a.py").write_text(text)
    assert about(audited(tmp_path)) == []
