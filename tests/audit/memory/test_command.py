import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit.__main__ import app
from audit.errors import AuditError
from audit.memory import CUDA, GROWTH, PREDICTION
from audit.plans import memory_plans

FOREIGN = Path(__file__).with_name("foreign.py")


def run(*arguments, adapter="honest"):
    command = ["memory", "--subject", f"{FOREIGN}:{adapter}", "--model", "small", *arguments]
    return CliRunner().invoke(app, command)


def test_a_foreign_subject_gets_a_table_and_checks(tmp_path):
    files = ("--json", str(tmp_path / "table.json"), "--output", str(tmp_path / "out"))
    done = run("--trust", "--budget", "800MB", *files)
    assert done.exit_code == 0, done.output
    assert "Training on 64×64 crops" in done.stdout
    assert PREDICTION in done.stdout
    assert CUDA not in done.stdout
    assert json.loads((tmp_path / "table.json").read_text())["budget"] == 800_000_000
    checks = json.loads((tmp_path / "out" / "report.json").read_text())["checks"]
    assert {check["id"]: check["verdict"] for check in checks} == {PREDICTION: "pass", GROWTH: "pass"}


def test_a_leak_fails_and_a_gpu_that_is_not_there_never_passes(monkeypatch):
    monkeypatch.setattr("audit.memory.cuda.cuda_available", lambda: False)
    done = run("--trust", "--budget", "300MB", "--constant", "1MB", "--device", "cuda", adapter="leaking")
    assert done.exit_code == 1
    assert "retained" in done.stdout or "nodes of autograd" in done.stdout
    assert "no CUDA device" in done.stdout


def test_the_table_alone_needs_no_real_run():
    done = run("--trust", "--table-only", "--device", "cpu", "--budget", "300MB")
    assert done.exit_code == 0
    assert PREDICTION not in done.stdout
    assert "CUDA context" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "add --trust"),
        (("--trust", "--budget", "6"), "such as 6GiB"),
        (("--trust", "--model", "huge"), "no model is called"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, words):
    done = run(*arguments)
    assert isinstance(done.exception, AuditError)
    assert words in str(done.exception)


def test_a_project_without_a_subject_is_told_how(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("[tool.audit]\n")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["memory"])
    assert "tool.audit.memory names no subject" in str(done.exception)


def test_an_adapter_that_raises_is_an_error_of_its_own():
    def broken():
        raise RuntimeError("no weights")

    checks = [plan.run() for plan in memory_plans(Path(), broken)]
    assert [check.verdict.value for check in checks] == ["error"] * len(checks)
    assert "no weights" in checks[0].message
