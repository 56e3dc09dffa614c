import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit import engine
from audit.reports import files

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "thing"\n[tool.audit]\n')
    (tmp_path / "a.py").write_text("def f():\n    pass\n")
    return tmp_path


def test_the_project_is_audited_and_the_report_written(tree, audit):
    status, out, err = audit("--select", "stubs", "--output", "build/out")
    assert status == 1
    assert "✗ fail" in out
    assert "a.py:1" in out
    assert "Nothing is left empty" in err
    assert "Report: build/out/report.{md,json,sarif,xml,html,intoto.json} and build/out/run.json" in out
    names = {path.name for path in (tree / "build/out").iterdir()}
    reports = {"report.md", "report.json", "report.sarif", "report.xml", "report.html"}
    assert names == reports | {"run.json", "report.intoto.json"}


@pytest.mark.parametrize(
    "command", [(), ("check",), ("paper",), ("claims",), ("mutants",), ("reproduce",), ("verify",)]
)
def test_help_and_document_name_every_file_of_a_folder(audit, command):
    _, out, _ = audit(*command, "--help")
    document = (PROJECT / "docs/audit.md").read_text(encoding="utf-8")
    for name in files.ALL:
        assert name in out
        assert f"`{name}`" in document


def test_report_only_prints_the_verdict_and_exits_with_0(tree, audit):
    status, out, _ = audit("--select", "stubs", "--report-only")
    assert status == 0
    assert "✗ fail: stubs failed" in out
    assert (tree / "reports/audit/report.md").is_file()


def test_what_did_not_run_is_named_with_the_command_that_runs_it(tree, audit):
    (tree / "a.py").write_text("x = 1\n")
    status, out, _ = audit("--select", "stubs", "--select", "tests", "--require", "tests")
    assert status == 1
    assert "tests.run: not run; run `make test`" in out
    assert "required and without a result: tests" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--select", "nonsense"), "no check, family or rule is called 'nonsense'; there are: "),
        (("explain", "nonsense"), "no rule is called 'nonsense'"),
        (("explain", "handling"), "handling is a family; its rules are handling.swallow, "),
        (("paper", "--subject", "a:b"), "add --trust"),
        (("check", "not-there"), "does not exist"),
        (("--nonsense",), "No such option"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_usage_is_one_message_and_exit_code_2(arguments, words, audit):
    status, _, err = audit(*arguments)
    assert status == 2
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_a_typo_in_the_configuration_is_exit_code_2(tree, audit):
    (tree / "pyproject.toml").write_text("[tool.audit]\nexlude = []\n")
    status, _, err = audit()
    assert status == 2
    assert "tool.audit.exlude" in err


@pytest.mark.parametrize(("form", "start"), [("terminal", "✓ pass"), ("markdown", "# Audit of "), ("json", "{")])
def test_check_prints_the_chosen_format(tree, form, start, audit):
    status, out, _ = audit("check", ".", "--format", form, "--output", "build/out")
    assert status == 1
    assert out.startswith(start)
    assert (tree / "build/out/report.json").is_file()


def test_check_of_nothing_is_exit_code_3(tree, audit):
    (tree / "empty").mkdir()
    status, out, _ = audit("check", "empty", "--format", "json")
    assert status == 3
    assert json.loads(out)["checks"] == []


@pytest.mark.usefixtures("tree")
def test_a_failure_of_the_audit_itself_is_exit_code_4(monkeypatch, audit):
    def crash(*_, **__):
        raise ValueError("inside")

    monkeypatch.setattr(engine, "audit_tree", crash)
    status, _, err = audit("check", ".")
    assert status == 4
    assert "the audit itself failed: ValueError: inside" in err


@pytest.mark.usefixtures("tree")
def test_ctrl_c_is_a_message(monkeypatch, audit):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "audit_tree", interrupt)
    status, _, err = audit("check", ".")
    assert status == 130
    assert "interrupted" in err


def test_a_paper_is_measured_on_a_subject_given_by_hand(tree, audit):
    (tree / "given_adapter.py").write_text("class make:\n    def parameter_count(self):\n        return 7\n")
    status, out, _ = audit("paper", "--subject", "given_adapter:make", "--trust")
    assert status == 1
    assert "trained numbers (P) measured 7 weights, paper 32,235,385" in out
    assert "? unknown" in out


def test_rules_and_explain_speak_of_every_rule(audit):
    status, out, _ = audit("rules")
    assert status == 0
    ids = [line.split()[0] for line in out.splitlines()]
    assert "paths.home" in ids
    for rule in ids:
        status, out, _ = audit("explain", rule)
        assert status == 0
        assert "Does not report" in out


def test_a_shell_completes_ids_of_rules():
    words = {"_ML_AUDIT_COMPLETE": "complete_bash", "COMP_WORDS": "ml-audit explain handling.c", "COMP_CWORD": "2"}
    command = "import sys; sys.argv[0] = 'ml-audit'; from audit.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, cwd=PROJECT, env=os.environ | words, check=True
    )
    assert done.stdout.split() == ["handling.cuda"]


def test_modules_of_a_foreign_tree_are_not_imported_even_from_within_it(tmp_path):
    for name in ("typer", "rich", "pydantic", "tomllib", "flake8", "detect_secrets"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", "audit", "check", "."], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()
    assert len(list(tmp_path.iterdir())) == 6
