"""The report as SARIF 2.1.0, for code hosts and editors.

Severities become levels (critical: error, major: warning, minor: note). In a notebook the region counts the lines of
the cell, and `properties.cell` says which cell. Suppressed findings carry their reason, known ones are `unchanged`.
"""

import json
from typing import Any
from urllib.parse import quote

from audit.model import Check, Finding, Report, Severity, State, Verdict
from audit.reports import wording

LEVELS = {Severity.CRITICAL: "error", Severity.MAJOR: "warning", Severity.MINOR: "note"}
RANKS = {Severity.CRITICAL: 90.0, Severity.MAJOR: 50.0, Severity.MINOR: 10.0}
FINGERPRINT = "auditFingerprint/v1"
CODE_HOST = "primaryLocationLineHash"  # the name under which GitHub looks for one, and else makes its own from lines


def render(report: Report) -> str:
    """The findings of all checks, each once, and as notifications what else keeps the gate shut."""
    findings = report.findings
    rules = {finding.rule: finding for finding in findings}
    order = {rule: number for number, rule in enumerate(sorted(rules))}
    compared = any(check.id == "baseline" for check in report.checks)
    run = {
        "tool": {
            "driver": {
                "name": "audit",
                "rules": [described(rules[rule]) for rule in sorted(rules)],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the root of the audited tree"}}},
        "results": [result(finding, order, compared) for finding in findings],
        "invocations": [invocation(report)],
        "properties": {
            "subject": report.subject,
            "verdict": report.verdict,
            "score": report.score.value if report.score else None,
        },
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def described(finding: Finding) -> dict[str, Any]:
    """A rule, as far as its finding tells of it."""
    return {
        "id": finding.rule,
        "shortDescription": {"text": finding.title or finding.rule},
        "fullDescription": {"text": finding.risk},
        "help": {"text": finding.fix},
        "defaultConfiguration": {"level": LEVELS[finding.severity], "rank": RANKS[finding.severity]},
        "properties": {"tags": [finding.family], "precision": finding.confidence, "severity": finding.severity},
    }


def result(finding: Finding, order: dict[str, int], compared: bool) -> dict[str, Any]:
    """One finding."""
    place = finding.location
    uri = quote(place.path, safe="/", errors="surrogateescape")
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"}}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if finding.excerpt:
            physical["region"]["snippet"] = {"text": finding.excerpt}
    entry: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": order[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint, CODE_HOST: f"{finding.fingerprint}:1"},
        "properties": {"state": finding.state},
    }
    if place.cell is not None:
        entry["properties"]["cell"] = place.cell
    if finding.state is State.SUPPRESSED:
        kind = "inSource" if finding.suppressed_in.startswith(place.path) else "external"
        entry["suppressions"] = [{"kind": kind, "status": "accepted", "justification": finding.reason}]
    if compared:
        entry["baselineState"] = "unchanged" if finding.state is State.KNOWN else "new"
    return entry


def invocation(report: Report) -> dict[str, Any]:
    """Whether the audit itself went well, and what keeps the gate shut without being a finding."""
    shut = [check for check in report.checks if not check.verdict.passes and not check.findings]
    notes = [notification(check) for check in shut]
    return {
        "executionSuccessful": not any(check.crash for check in report.checks),
        "toolExecutionNotifications": notes,
    }


def notification(check: Check) -> dict[str, Any]:
    """A check that failed by what it measured, or came to no result."""
    level = "error" if check.verdict in (Verdict.ERROR, Verdict.FAIL) else "warning"
    text = f"{check.id}: {wording.sign(check.verdict)}: {wording.result(check)}"
    remedy = f"; {check.remedy}" if check.remedy else ""
    return {"level": level, "message": {"text": f"{text}{remedy}"}, "descriptor": {"id": check.id}}
