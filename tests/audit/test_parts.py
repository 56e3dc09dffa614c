import pytest

from audit import engine, parts
from audit.engine import Exit
from audit.errors import AuditError
from audit.model import Verdict


def measured(tmp_path, name, text):
    (tmp_path / f"{name}.py").write_text(text)
    return parts.papers(tmp_path, subject=f"{name}:make", trust=True).report


def test_a_subject_that_cannot_be_made_is_an_error_of_its_own(tmp_path):
    report = measured(tmp_path, "breaking_adapter", "def make():\n    raise OSError('no weights')\n")
    assert report.verdict is Verdict.ERROR
    assert "OSError: no weights" in report.checks[0].message
    assert engine.exit_code(report) is Exit.GATE_FAILED


def test_a_subject_with_nothing_in_it_is_unknown_and_the_report_says_how_it_was_made(tmp_path):
    report = measured(tmp_path, "empty_adapter", "make = object\n")
    assert report.checks[0].id == "paper.zhang2016.subject"
    assert report.verdict is Verdict.UNKNOWN
    assert report.arguments == (("subject", "empty_adapter:make"),)


def test_an_adapter_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(AuditError, match="no module named 'nowhere_at_all'"):
        parts.papers(tmp_path, subject="nowhere_at_all:make", trust=True)


def test_a_subject_given_by_hand_needs_trust(tmp_path):
    with pytest.raises(AuditError, match="add --trust"):
        parts.paper_settings(tmp_path, "zhang2016", "a:b", False)
    name, settings = parts.paper_settings(tmp_path, "zhang2016", "a:b", True)
    assert name == "a:b"
    assert settings.papers["zhang2016"][0].adapter == "a:b"


def test_a_project_without_papers_says_so(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.audit]\n")
    with pytest.raises(AuditError, match="names no subject"):
        parts.paper_settings(tmp_path, "zhang2016", None, False)
