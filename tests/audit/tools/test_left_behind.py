"""Results of linters and mypy that lie in files: SARIF and mypy's JSON."""

import json
import os
import subprocess
import sys

import pytest

from audit.config import parse
from audit.errors import NotRunError
from audit.model import Verdict
from audit.plans import tool_plans
from audit.target import open_target
from audit.tools import lint, sarif, types

CONFIG = parse({"evidence": {"sarif": ["out/ruff.sarif"], "mypy": "out/mypy.json"}})


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.py").write_text("x = None\nprint(x == None)\n")
    (tmp_path / "out").mkdir()
    return tmp_path


def log(*results, **run):
    driver = {"name": "tool", "version": "1", "rules": [{"id": "R1", "helpUri": "https://example.org/R1"}]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}


def result(uri="a.py", **more):
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 2}}}
    return {"ruleId": "R1", "message": {"text": "no"}, "locations": [place], **more}


def sarif_check(project, content):
    (project / "out/ruff.sarif").write_text(content if isinstance(content, str) else json.dumps(content))
    return lint.sarif_check(open_target(project), CONFIG, "out/ruff.sarif")


def mypy_check(project, text):
    (project / "out/mypy.json").write_text(text)
    return types.file_check(open_target(project), CONFIG, "out/mypy.json")


def test_what_ruff_writes_is_what_is_read(project):
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "E711"]
    done = subprocess.run([*command, "--output-format", "sarif", "."], cwd=project, capture_output=True, text=True,
                          check=False)  # fmt: skip
    check = sarif_check(project, done.stdout)
    assert (check.id, check.verdict) == ("lint.ruff", Verdict.FAIL)
    assert [(item.rule, str(item.location)) for item in check.findings] == [("lint.E711", "a.py:2")]
    assert check.evidence[0].versions[0][0] == "ruff"
    assert check.evidence[0].inputs[0].path == "out/ruff.sarif"


@pytest.mark.parametrize(
    "accepted",
    [{"suppressions": [{"kind": "inSource"}]}, {"baselineState": "absent"}, {"kind": "pass"}],
)
def test_what_is_accepted_or_gone_is_no_finding(project, accepted):
    assert sarif_check(project, log(result(**accepted))).verdict is Verdict.PASS
    assert sarif_check(project, log(result(), result(**accepted))).evidence[0].measured == 1


def test_places_and_rules_by_other_ways(project):
    absolute = result(f"{project.as_uri()}/deep%20down/b.py", properties={"cell": 3})
    by_index = {key: value for key, value in result().items() if key not in ("ruleId", "locations")} | {"ruleIndex": 0}
    by_index["locations"] = [{"physicalLocation": {"artifactLocation": {"index": 0}}}]
    nowhere = {"ruleId": "R2", "message": {"text": "no"}}
    content = log(absolute, by_index, nowhere, artifacts=[{"location": {"uri": "c.py"}}])
    found = sarif.read(json.dumps(content), project).diagnostics
    assert [(item.code, str(item.location)) for item in found] == [
        ("R1", "deep down/b.py#cell=3:2"), ("R1", "c.py"), ("R2", "."),
    ]  # fmt: skip
    assert found[0].url == "https://example.org/R1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"), ("[]", "no SARIF"), ({"version": "2.1.0", "runs": []}, "of no run"),
        ({"version": "2.0.0", "runs": [{}]}, "not SARIF 2.1.0"), (log({"message": {}}), "no SARIF"),
        (log(invocations=[{"executionSuccessful": False}]), "did not come to its end"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_not_run(project, content, words):
    with pytest.raises(NotRunError, match=words):
        sarif_check(project, content)


def test_mypys_errors_and_its_success(project):
    line = {"file": str(project / "a.py"), "line": 2, "severity": "error", "code": "misc", "message": "no"}
    note = line | {"severity": "note"}
    check = mypy_check(project, "\n".join(map(json.dumps, (line, note))))
    assert [(item.rule, str(item.location)) for item in check.findings] == [("types.misc", "a.py:2")]
    assert mypy_check(project, "Success: no issues found in 1 source file\n").verdict is Verdict.PASS
    for text in ("", json.dumps(note)):
        with pytest.raises(NotRunError, match="does not say that mypy came to its end"):
            mypy_check(project, text)
    with pytest.raises(NotRunError, match="is not what"):
        mypy_check(project, "{}")


def test_a_file_older_than_the_code_is_not_run(project):
    for check in (lambda: sarif_check(project, log()), lambda: mypy_check(project, "Success: x")):
        os.utime(project / "a.py", (0, 0))
        assert check().verdict is Verdict.PASS
    later = (project / "out/mypy.json").stat().st_mtime + 10
    os.utime(project / "a.py", (later, later))
    target = open_target(project)
    for check in (
        lambda: lint.sarif_check(target, CONFIG, "out/ruff.sarif"),
        lambda: types.file_check(target, CONFIG, "out/mypy.json"),
    ):
        with pytest.raises(NotRunError, match="missing or older than the code"):
            check()


def test_a_file_takes_the_place_of_running_the_tool(project):
    (project / "out/ruff.sarif").write_text(json.dumps(log()))
    (project / "out/mypy.json").write_text("Success: no issues found in 1 source file\n")
    plans = {plan.id: plan for plan in tool_plans(open_target(project), CONFIG)}
    assert list(plans) == ["lint.ruff", "lint.flake8", "types.mypy", "tests.run"]
    assert plans["lint.ruff"].run().evidence[0].command == "read out/ruff.sarif"
    assert plans["types.mypy"].run().evidence[0].command == "read out/mypy.json"
