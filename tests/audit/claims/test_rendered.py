import json
import sys

import pytest

from audit.claims.check import check
from audit.claims.ledger import load
from audit.config import Claims
from audit.errors import AuditError
from audit.model import Verdict

RENDERER = """
def page(content):
    if not content:
        raise LookupError("nothing was measured")
    rows = "\\n".join(f"| {name} | {value:.1f} |" for name, value in content.items())
    return f"# 2 speeds\\n\\n| what | ms |\\n|---|---|\\n{rows}\\n\\nof 7 runs\\n"


def empty(content):
    return "\\n"
"""
LEDGER = '[speeds]\nevidence = "m.json"\ndocument = "d.md"\nrenderer = "{renderer}"\n'


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Judge a document against what its renderer makes of the evidence."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "speeds.py").write_text(RENDERER)

    def run(document, content, renderer="speeds.py:page"):
        (tmp_path / "claims.toml").write_text(LEDGER.format(renderer=renderer))
        (tmp_path / "m.json").write_text(json.dumps(content))
        (tmp_path / "d.md").write_text(document)
        return check(tmp_path, Claims(documents=("d.md",), complete=("d.md",)))

    return run


TABLE = "# 2 speeds\n\n| what | ms |\n|---|---|\n| a | 1.5 |\n| b | 2.0 |\n\nof 7 runs\n"
MEASURED = {"a": 1.5, "b": 2.0}


def test_a_document_as_it_is_made_holds_and_all_of_its_numbers_are_bound(judged):
    result = judged(TABLE, MEASURED)
    assert result.verdict is Verdict.PASS, result
    assert "1 claim: 1 holds; no number bound to nothing" in result.message
    assert [item.path for item in result.rows[0].evidence.inputs] == ["m.json"]


def test_a_table_may_stand_in_prose_whose_own_numbers_are_not_bound(judged):
    result = judged(TABLE.replace("of 7", "Eight of 10, with 3\n\nof 7"), MEASURED)
    assert [(item.rule, item.location.line, item.message) for item in result.findings] == [
        ("claims.unbound", 8, "bound to nothing: 10, 3")
    ]


@pytest.mark.parametrize(
    ("document", "content", "words"),
    [
        (TABLE.replace("1.5", "1.6"), MEASURED, "does not say '| a | 1.5 |'"),
        (TABLE, {"a": 1.5, "b": 2.5}, "does not say '| b | 2.5 |'"),
        (TABLE.replace("| b | 2.0 |\n", "| b | 2.0 |\n| c | 3 |\n"), {**MEASURED, "c": 3}, "does not say '| c | 3.0 "),
        (TABLE.replace("|---|---|\n", "|---|---|\n\n"), MEASURED, "does not say '| what | ms |'"),
    ],
)
def test_another_number_on_either_side_refutes_it_and_the_line_is_named(judged, document, content, words):
    result = judged(document, content)
    assert result.verdict is Verdict.FAIL
    assert result.findings[0].rule == "claims.refuted"
    assert words in result.findings[0].message


@pytest.mark.parametrize(
    ("content", "renderer", "words"),
    [
        ({}, "speeds.py:page", "raised LookupError: nothing was measured"),
        (MEASURED, "speeds.py:gone", "has no 'gone'"),
        (MEASURED, "nowhere_at_all:page", "no module named 'nowhere_at_all'"),
        (MEASURED, "speeds.py:empty", "makes nothing of m.json"),
    ],
)
def test_a_renderer_that_makes_nothing_is_no_evidence(judged, content, renderer, words):
    result = judged(TABLE, content, renderer)
    assert result.findings[0].rule == "claims.no-evidence"
    assert words in result.findings[0].message


@pytest.mark.parametrize("text", ['renderer = "a:b"', 'document = "d.md"\nrenderer = "a:b"\ntext = "{}"'])
def test_a_renderer_takes_the_place_of_a_sentence(tmp_path, text):
    (tmp_path / "claims.toml").write_text(f'[a]\nevidence = "m.json"\n{text}\n')
    with pytest.raises(AuditError, match="either text or renderer"):
        load(tmp_path / "claims.toml")
