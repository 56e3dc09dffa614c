import json
import sys

import pytest

from audit import runners
from audit.errors import NotRunError
from audit.model import Verdict
from audit.runners import Completed
from audit.target import open_target
from audit.tools import lint, types

PROJECT = """
[tool.ruff.lint]
select = ["F", "E711"]
[tool.mypy]
files = ["."]
strict = true
cache_dir = "/dev/null"
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


def answer(monkeypatch, module, name, status, stdout, stderr=""):
    monkeypatch.setattr(module, name, lambda *_: Completed(status, stdout, stderr))


def test_clean_code_passes(project):
    (project / "a.py").write_text("x: int = 1\n")
    for check in (lint.ruff_check, lint.flake8_check, types.mypy_check):
        result = check(open_target(project))
        assert result.verdict is Verdict.PASS
        proof = result.evidence[0]
        assert proof.versions
        assert proof.output_sha256
        assert [item.path for item in proof.inputs] == ["(Python files)"]


def test_both_linters_find_the_same_thing_under_one_id(project):
    (project / "a.py").write_text("import os\n\nx = None\nprint(x == None)\n")
    for check in (lint.ruff_check, lint.flake8_check):
        result = check(open_target(project))
        assert result.verdict is Verdict.FAIL
        # The unused import is the business of imports.unused.
        assert [(finding.rule, str(finding.location)) for finding in result.findings] == [("lint.E711", "a.py:4")]


def test_a_notebook_is_told_by_cell_and_line(project):
    cells = [{"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": text}
             for text in (["%%bash\n", "ls"], ["x = None\n", "print(x == None)"])]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project / "n.ipynb").write_text(json.dumps(notebook))
    assert [str(item.location) for item in lint.ruff_check(open_target(project)).findings] == ["n.ipynb#cell=1:2"]


def test_what_the_configuration_says_of_output_does_not_hide_what_flake8_finds(project):
    (project / "a.py").write_text("x = None\nprint(x == None)\n")
    options = ("format = pylint", "output-file = out.txt", "show-source = True", "statistics = True")
    (project / ".flake8").write_text("\n".join(("[flake8]", *options)))
    (finding,) = lint.flake8_check(open_target(project)).findings
    assert (finding.rule, finding.message) == ("lint.E711", "comparison to None should be 'if cond is None:'")


def test_mypy_errors_are_findings(project):
    (project / "a.py").write_text('x: int = "a"\nreveal_type(x)\n')
    result = types.mypy_check(open_target(project))
    assert result.verdict is Verdict.FAIL
    assert [(finding.rule, str(finding.location)) for finding in result.findings] == [("types.assignment", "a.py:1")]


def test_a_tree_without_modules_has_nothing_for_flake8(project):
    assert lint.flake8_check(open_target(project)).verdict is Verdict.NOT_APPLICABLE


def test_a_wrong_configuration_is_not_run_and_no_pass(project):
    (project / "a.py").write_text("x = 1\n")
    (project / "pyproject.toml").write_text("[tool.ruff]\nnonsense = 1\n")
    with pytest.raises(NotRunError, match="ruff failed"):
        lint.ruff_check(open_target(project))
    with pytest.raises(NotRunError, match="mypy stopped"):
        types.mypy_check(open_target(project))


def test_what_flake8_cannot_have_meant_is_not_run(project, monkeypatch):
    (project / "a.py").write_text("x = 1\n")
    answer(monkeypatch, lint, "run", 1, "Traceback (most recent call last)")
    with pytest.raises(NotRunError, match="something else than findings"):
        lint.flake8_check(open_target(project))
    answer(monkeypatch, lint, "run", 1, "", "no such option")
    with pytest.raises(NotRunError, match="no such option"):
        lint.flake8_check(open_target(project))


def test_a_failure_of_mypy_without_an_error_is_not_run(project, monkeypatch):
    answer(monkeypatch, types, "run_module", 1, "")
    with pytest.raises(NotRunError, match="reported failure but no error"):
        types.mypy_check(open_target(project))


@pytest.mark.parametrize("line", ["{cut off", "{}", '{"code": "", "severity": "error", "file": 3, "line": 1}'])
def test_what_mypy_cannot_have_meant_is_not_run(project, monkeypatch, line):
    answer(monkeypatch, types, "run_module", 1, f"{line}\n")
    with pytest.raises(NotRunError, match=r"mypy printed something else than its errors: \{"):
        types.mypy_check(open_target(project))


def test_a_missing_tool_is_not_run_with_the_remedy():
    with pytest.raises(NotRunError) as caught:
        runners.version("no-such-distribution")
    assert caught.value.remedy == "run `pip install no-such-distribution`"


def test_a_python_that_cannot_be_started_is_not_run(project, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(project / "gone"))
    with pytest.raises(NotRunError, match="ruff cannot be started: No such file or directory"):
        runners.run_module("ruff", ["--version"], project)


def test_a_tool_that_hangs_is_not_run(project, monkeypatch):
    monkeypatch.setattr(runners, "TIMEOUT", 0.001)
    with pytest.raises(NotRunError, match="did not end"):
        runners.run_module("ruff", ["--version"], project)


def test_modules_of_the_tree_do_not_stand_in_for_the_tool(project):
    (project / "flake8.py").write_text("open('ran', 'w').close()\n")
    lint.flake8_check(open_target(project))
    assert not (project / "ran").exists()


def test_first_line():
    assert runners.first_line("\n  a\nb") == "a"
    assert runners.first_line("") == "no message"


def test_the_same_tree_gives_the_same_result_wherever_it_lies(tmp_path):
    results = []
    for place in ("one", "two/three"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "a.py").write_text('x: int = "a"\nprint(x == None)\n')
        tree = open_target(folder)
        results.append([check(tree) for check in (lint.ruff_check, lint.flake8_check, types.mypy_check)])
    assert results[0] == results[1]
    assert all(check.verdict is Verdict.FAIL for check in results[0])
