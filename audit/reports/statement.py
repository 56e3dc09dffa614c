"""The report as an in-toto Statement v1 with a test-result predicate v0.1: what was audited, and what came out.

Its subjects are report.json and every file that was audited, by sha256; its configuration names what was read as
evidence besides, and the commit. https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
"""

import hashlib
import json
from typing import Any

from audit.model import Check, Report, RunFacts, Verdict

FILE = "report.intoto.json"
TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


def render(report: Report, facts: RunFacts, report_json: str) -> str:
    """The statement about `report_json`, the text of report.json as it is written."""
    files = {item.path: item.sha256 for item in facts.files}
    subject = [described("report.json", hashlib.sha256(report_json.encode()).hexdigest())]
    subject += [described(path, sha256) for path, sha256 in sorted(files.items()) if path != "report.json"]
    kinds = ("PASSED", "WARNED", "FAILED")
    names = {kind: [check.id for check in report.checks if result_of(check) == kind] for kind in kinds}
    statement = {
        "_type": TYPE,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": {
            "result": "FAILED" if not report.verdict.passes or not report.checks else
            "WARNED" if report.verdict is Verdict.DEVIATION else "PASSED",
            "configuration": configuration(report, facts),
            "passedTests": names["PASSED"],
            "warnedTests": names["WARNED"],
            "failedTests": names["FAILED"],
        },
    }  # fmt: skip
    return json.dumps(statement, indent=1) + "\n"  # ASCII: names of files need not be Unicode


def result_of(check: Check) -> str:
    """Of one check in the predicate's words; "" for what does not apply."""
    if check.verdict is Verdict.NOT_APPLICABLE:
        return ""
    if not check.verdict.passes:
        return "FAILED"
    return "WARNED" if check.verdict is Verdict.DEVIATION else "PASSED"


def configuration(report: Report, facts: RunFacts) -> list[dict[str, Any]]:
    """What was read as evidence, and the commit with the state of the tree."""
    known = {item.path for item in facts.files}
    read = {
        item.path: item.sha256
        for check in report.checks
        for evidence in (*check.evidence, *(row.evidence for row in check.rows))
        for item in evidence.inputs
        if item.path not in known and not item.path.startswith("(")
    }
    commit = {"digest": {"gitCommit": facts.commit}} if facts.commit else {}
    repository = {
        "name": "repository", **commit,
        "annotations": {"tree": facts.tree, "python": facts.python, "platform": facts.platform},
    }  # fmt: skip
    return [repository, *(described(path, sha256) for path, sha256 in sorted(read.items()))]


def described(name: str, sha256: str) -> dict[str, Any]:
    """A ResourceDescriptor."""
    return {"name": name, "digest": {"sha256": sha256}}
