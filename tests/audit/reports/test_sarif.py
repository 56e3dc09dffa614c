import json
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from audit import engine
from audit.config import parse
from audit.reports import sarif
from tests.audit.reports.samples import EMPTY, FULL

SCHEMA = json.loads((Path(__file__).parent / "data/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def rendered(report):
    return json.loads(sarif.render(report))


def results(report):
    return {result["ruleId"]: result for result in rendered(report)["runs"][0]["results"]}


@pytest.mark.parametrize("report", [FULL, EMPTY], ids=["full", "empty"])
def test_it_is_valid(report):
    VALIDATOR.validate(rendered(report))


def test_the_schema_would_notice():
    log = rendered(FULL)
    log["runs"][0]["results"][0]["level"] = "critical"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(log)


def test_a_notebook_s_region_counts_in_its_cell():
    found = results(FULL)["stubs.todo"]
    assert found["properties"]["cell"] == 3
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "n.ipynb", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 2, "snippet": {"text": "# `x` | <y> & z"}}


def test_severities_are_levels_and_paths_are_addresses():
    grave = results(FULL)["secrets.token"]
    assert grave["level"] == "error"
    uri = grave["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert " " not in uri
    assert unquote(uri) == "folder with space/ä.py"
    assert "cell" not in grave["properties"]
    assert [results(FULL)[rule]["level"] for rule in ("paths.home", "stubs.todo")] == ["warning", "note"]


def test_rules_stand_once_and_are_found_by_their_index():
    run = rendered(FULL)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) == 3
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_states_are_suppressions_and_baseline_states():
    found = {item["partialFingerprints"][sarif.FINGERPRINT][0]: item for item in rendered(FULL)["runs"][0]["results"]}
    assert found["d"]["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "the lab's own"}]
    assert found["e"]["suppressions"][0]["kind"] == "external"
    assert "region" not in found["e"]["locations"][0]["physicalLocation"]
    assert {key: item["baselineState"] for key, item in found.items()} == {
        "a": "new", "b": "new", "c": "unchanged", "d": "new", "e": "new",
    }  # fmt: skip


def test_what_else_keeps_the_gate_shut_is_a_notification():
    (invocation,) = rendered(FULL)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = {note["descriptor"]["id"]: note for note in invocation["toolExecutionNotifications"]}
    assert {name: note["level"] for name, note in notes.items()} == {
        "tests.run": "warning", "other": "error", "open": "warning", "paper.p.s": "error", "coverage.a": "error",
    }  # fmt: skip
    assert "run `make test`" in notes["tests.run"]["message"]["text"]


def test_a_real_tree_is_valid_and_keeps_its_fingerprints_when_lines_move(tmp_path):
    prints = []
    for text in ("def f():\n    pass\n", "# above\n\n\ndef f():\n    pass\n"):
        (tmp_path / "a.py").write_text(text)
        report = engine.audit_tree(tmp_path, config=parse({"select": ["stubs"]})).report
        VALIDATOR.validate(rendered(report))
        (result,) = rendered(report)["runs"][0]["results"]
        prints.append(result["partialFingerprints"])
        assert "baselineState" not in result
    assert prints[0] == prints[1]
    assert len(prints[0][sarif.FINGERPRINT]) == 16
