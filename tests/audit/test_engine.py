import pytest

from audit import engine
from audit.config import Config, parse
from audit.engine import Exit, Plan
from audit.errors import AuditError, NotRunError
from audit.model import Check, Report, Verdict

CLEAN = "import sys\n\nprint(sys.argv)\n"
# Put together here, so that this file does not hold what its own audit looks for.
TOKEN = "AKIA" + "Q4NOT7A8REAL2KEY"  # audit: ignore[secrets.token] made up


def made(check):
    return Report("x", "tree", (check,))


def of(verdict, crash=""):
    return Check("c", "C", verdict, "", crash=crash)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.PASS, Exit.PASS),
        (Verdict.DEVIATION, Exit.PASS),
        (Verdict.FAIL, Exit.GATE_FAILED),
        (Verdict.UNKNOWN, Exit.GATE_FAILED),
        (Verdict.NOT_RUN, Exit.GATE_FAILED),
        (Verdict.ERROR, Exit.GATE_FAILED),
        (Verdict.NOT_APPLICABLE, Exit.NOTHING_AUDITED),
    ],
)
def test_exit_codes(verdict, code):
    assert engine.exit_code(made(of(verdict))) is code


def test_zero_checks_and_a_crash_have_codes_of_their_own():
    assert engine.exit_code(Report("x", "tree", ())) is Exit.NOTHING_AUDITED
    assert engine.exit_code(made(of(Verdict.ERROR, crash="KeyError: 'x'"))) is Exit.AUDIT_FAILED


def test_a_check_that_breaks_down_is_an_error_and_the_rest_goes_on(tmp_path):
    def crash():
        raise KeyError("x")

    def missing():
        raise NotRunError("no tool", "install it")

    plans = [Plan("a", "A", crash), Plan("b", "B", missing), Plan("c", "C", lambda: of(Verdict.PASS))]
    audit = engine.run(tmp_path, Report("x", "tree", ()), plans, engine.silent)
    assert [check.verdict for check in audit.report.checks] == [Verdict.ERROR, Verdict.NOT_RUN, Verdict.PASS]
    assert audit.report.checks[0].crash == "KeyError: 'x'"
    assert audit.report.checks[1].remedy == "install it"
    assert audit.report.verdict is Verdict.ERROR
    assert [name for name, _ in audit.facts.seconds] == ["a", "b", "c"]
    assert audit.facts.tree == "no repository"


def test_a_foreign_tree_is_read_and_nothing_is_left_in_it(tmp_path):
    (tmp_path / "a.py").write_text("import os\nopen('ran', 'w')\n\n\ndef f():\n    pass\n")
    audit = engine.audit_tree(tmp_path)
    assert {finding.rule for finding in audit.report.findings} == {"imports.unused", "stubs.function"}
    assert [path.name for path in tmp_path.rglob("*")] == ["a.py"]
    assert engine.exit_code(audit.report) is Exit.GATE_FAILED


def test_a_clean_foreign_tree_passes_and_says_what_was_not_checked(tmp_path):
    (tmp_path / "a.py").write_text(CLEAN)
    report = engine.audit_tree(tmp_path).report
    assert report.verdict is Verdict.PASS
    assert any(item.what == "behaviour of the code" for item in report.not_checked)


def test_an_empty_tree_is_nothing_audited(tmp_path):
    report = engine.audit_tree(tmp_path).report
    assert report.checks == ()
    assert engine.exit_code(report) is Exit.NOTHING_AUDITED


def test_without_python_the_rules_for_python_do_not_apply(tmp_path):
    (tmp_path / "README.md").write_text("hello")
    verdicts = {check.id: check.verdict for check in engine.audit_tree(tmp_path).report.checks}
    assert verdicts["stubs"] is Verdict.NOT_APPLICABLE
    assert verdicts["secrets"] is Verdict.PASS


def test_a_line_with_a_credential_is_quoted_by_no_rule(tmp_path):
    (tmp_path / "a.py").write_text(f"def f():\n    return 1\n    KEY = '{TOKEN}'  # TODO hide\n")
    report = engine.audit_tree(tmp_path).report
    assert {finding.rule for finding in report.findings} == {"secrets.token", "stubs.unreachable", "stubs.todo"}
    assert TOKEN[4:] not in repr(report)


def test_selection_leaves_the_rest_named_as_not_checked(tmp_path):
    (tmp_path / "a.py").write_text(CLEAN)
    audit = engine.audit_project(tmp_path, "x", Config(), select=["stubs", "lint"])
    assert [check.id for check in audit.report.checks] == ["stubs", "lint.ruff", "lint.flake8"]
    assert "All tests pass" in {item.what for item in audit.report.not_checked}


@pytest.mark.parametrize("option", ["select", "require"])
def test_a_check_that_does_not_exist_is_a_mistake(tmp_path, option):
    (tmp_path / "a.py").write_text(CLEAN)
    with pytest.raises(AuditError, match=r"no check, family or rule is called 'test'; did you mean 'tests'\?"):
        engine.audit_project(tmp_path, "x", Config(), **{option: ["test"]})
    with pytest.raises(AuditError, match="is called 'lint'; there are: syntax, "):
        engine.audit_tree(tmp_path, ["lint"])


def test_a_required_check_that_was_not_selected_keeps_the_gate_shut(tmp_path):
    (tmp_path / "a.py").write_text(CLEAN)
    report = engine.audit_project(tmp_path, "x", Config(), select=["stubs"], require=["tests"]).report
    assert report.verdict is Verdict.NOT_RUN


def test_exclusions_are_named_with_their_reason(tmp_path):
    (tmp_path / "a.py").write_text(CLEAN)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "bad.py").write_text("def f():\n    pass\n")
    settings = parse({"exclude": [{"path": "b", "reason": "borrowed"}]})
    report = engine.audit_project(tmp_path, "x", settings, select=["stubs"]).report
    assert report.verdict is Verdict.PASS
    assert ("b", "borrowed") in {(item.what, item.why) for item in report.not_checked}


def test_a_project_without_files_is_nothing_audited(tmp_path):
    report = engine.audit_project(tmp_path, "x", Config()).report
    assert engine.exit_code(report) is Exit.NOTHING_AUDITED


def test_an_unknown_rule_is_a_mistake():
    assert engine.find_rule("stubs.todo").title
    with pytest.raises(AuditError, match="no rule is called 'x'"):
        engine.find_rule("x")
