"""The report as JSON: versioned, ordered, the same bytes for the same result."""

import json
from dataclasses import asdict
from typing import Any

from audit.model import Report, RunFacts

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """The whole result. Keys are sorted; there is no time, host, commit or absolute path in it."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "subject": report.subject,
        "scope": report.scope,
        "verdict": report.verdict,
        "required": list(report.required),
        "checks": [asdict(check) for check in report.checks],
        "not_checked": [asdict(item) for item in report.not_checked],
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def render_facts(facts: RunFacts) -> str:
    """What differs from run to run, kept in a file of its own."""
    document = {"schema_version": SCHEMA_VERSION, **asdict(facts), "seconds": dict(facts.seconds)}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
