"""Which families had something to read."""

import json

import pytest

from audit import engine, plans
from audit.config import parse
from audit.engine import Exit
from audit.lookup import ANSWERS, Answer
from audit.model import Verdict
from audit.reports import formats
from audit.reports.formats import Format
from audit.target import open_target

BROKEN = {"a.ipynb": '{"cells": ['}
UNPARSABLE = {"a.py": "x = (\n", "b.py": "def f(:\n"}
SELECT = ["syntax", "stubs", "paths", "documents"]  # of the rules that start no other program


def audited(folder, files, **table):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return engine.audit_tree(folder, config=parse({"select": SELECT, **table})).report


def verdicts(report):
    return [check.verdict for check in report.checks]


@pytest.mark.parametrize(
    ("files", "rest"),
    [
        (BROKEN, [Verdict.NOT_RUN, Verdict.NOT_RUN, Verdict.NOT_RUN]),
        (UNPARSABLE, [Verdict.NOT_RUN, Verdict.NOT_RUN, Verdict.NOT_RUN]),
        ({**BROKEN, "a.md": "# x\n"}, [Verdict.NOT_RUN, Verdict.PASS, Verdict.PASS]),
        ({**UNPARSABLE, "c.py": "x = 1\n"}, [Verdict.PASS, Verdict.PASS, Verdict.PASS]),
        ({"a.py": "x = 1\nuse(x\n"}, [Verdict.PASS, Verdict.PASS, Verdict.PASS]),
        ({**BROKEN, "c.py": "def f():\n    pass\n"}, [Verdict.FAIL, Verdict.PASS, Verdict.PASS]),
    ],
)
def test_a_family_that_could_read_nothing_did_not_run(tmp_path, files, rest):
    assert verdicts(audited(tmp_path, files)) == [Verdict.FAIL, *rest]


@pytest.mark.parametrize("files", [{"a.txt": "x\n"}, {"a.bin": "\0"}, {"a.txt": "x\n", "a.bin": "\0"}])
def test_without_python_a_family_for_it_does_not_apply_as_before(tmp_path, files):
    assert verdicts(audited(tmp_path, files)) == [
        Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.PASS, Verdict.PASS,
    ]  # fmt: skip


def test_what_did_not_run_is_no_part_of_the_score_and_keeps_the_gate_shut(tmp_path):
    report = audited(tmp_path, BROKEN, fail_on="critical")
    assert engine.exit_code(report) is Exit.GATE_FAILED
    assert [item.family for item in report.score.families] == ["syntax"]
    assert report.score.not_counted == ("stubs", "paths", "documents")


@pytest.mark.parametrize("form", Format)
def test_every_rendering_says_so(tmp_path, form):
    text = formats.render(audited(tmp_path, BROKEN), form)
    assert "no Python of the tree can be read" in text
    assert "mend the files that do not parse" in text


def test_a_finding_in_what_cannot_be_parsed_counts(tmp_path):
    report = audited(tmp_path, {"a.py": "<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b\n"}, select=["artefacts", "stubs"])
    assert verdicts(report) == [Verdict.FAIL, Verdict.NOT_RUN]


def test_files_that_nobody_could_look_at_are_not_looked_at_again(tmp_path, monkeypatch):
    cell = {"cell_type": "code", "source": ["x = 1"], "outputs": []}
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}))
    target = open_target(tmp_path)
    target.derived[ANSWERS] = {"stubs": Answer(lost=("a.py", "b.ipynb"))}
    monkeypatch.setattr(plans, "read", lambda *_: pytest.fail("read again"))
    assert not plans.is_read(target, of_code=True)
    assert not plans.is_read(target, of_code=False)
