"""What CI and pre-commit are told to run exists, may do little, and names no machine."""

import re
import shlex
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
HOOKS = ROOT / ".pre-commit-hooks.yaml"
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@(v\d+(\.\d+)*|[0-9a-f]{40})")


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["scripts"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_and_may_only_read_unless_it_says_why(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"])
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        allowed = {"actions": "read", "contents": "read", "security-events": "write"}
        assert job.get("permissions", {}).items() <= allowed.items()


@pytest.mark.parametrize("path", [*WORKFLOWS, HOOKS], ids=lambda path: path.name)
def test_no_machine_is_named(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|Users|work|root|opt)/|https?://|\d+\.\d+\.\d+\.\d+|localhost", text)


def test_the_tests_run_as_on_a_developer_s_machine():
    runs = [step.get("run", "") for step in steps(read(ROOT / ".github/workflows/test.yml"))]
    assert "make test PYTHON=python" in runs
    assert re.search(r"^test:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_sarif_that_is_uploaded_is_the_one_that_is_written():
    found = steps(read(ROOT / ".github/workflows/audit.yml"))
    (command,) = [step["run"] for step in found if step.get("run", "").startswith("ml-audit")]
    (upload,) = [step for step in found if "upload-sarif" in step.get("uses", "")]
    arguments = shlex.split(command)
    assert arguments[arguments.index("--output") + 1] == upload["with"]["sarif_file"]
    assert "cancelled" in upload["if"], "findings fail the step before: they must be uploaded all the same"
    assert "head.repo.fork != true" in upload["if"], "a fork may not write: the upload would fail whatever was found"


def commands_of_ci():
    (hook,) = read(HOOKS)
    found = [step.get("run", "") for path in WORKFLOWS for step in steps(read(path))]
    return [hook["entry"], *(command for command in found if command.startswith("ml-audit"))]


@pytest.mark.parametrize("line", commands_of_ci())
def test_the_commands_run(line, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.py").write_text("password = 1\n\n\ndef f():\n    pass\n")
    name, *arguments = shlex.split(line)
    module, function = commands()[name].split(":")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with pytest.raises(SystemExit) as caught:
        getattr(import_module(module), function)()
    assert caught.value.code == 1
    assert "stubs.function" in capsys.readouterr().out


def test_the_hook_brings_what_its_rules_need():
    (hook,) = read(HOOKS)
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(hook["additional_dependencies"]) <= set(extra["audit"])
    assert {re.split("[>=]", name)[0] for name in hook["additional_dependencies"]} == {"detect-secrets", "ruff"}
