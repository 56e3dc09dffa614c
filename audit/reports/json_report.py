"""The report as JSON: versioned, ordered, the same bytes for the same result. Its schema is `report.schema.json`."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Final, Literal

from audit.model import Check, NotChecked, Report, RunFacts, State, Verdict
from audit.scores import Accuracy, Score

SCHEMA_VERSION: Final = 3


@dataclass(frozen=True)
class Counts:
    """How many findings are open, known from a baseline, suppressed; each place of a rule once."""

    open: int
    known: int
    suppressed: int


@dataclass(frozen=True)
class Document:
    """The whole result as it stands in report.json.

    Attributes:
        accuracy: of all rules that ran, on the corpus of planted defects.
    """

    schema_version: Literal[3]
    subject: str
    scope: str
    verdict: Verdict
    score: Score | None
    accuracy: Accuracy | None
    findings: Counts
    conditions: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    checks: tuple[Check, ...]
    not_checked: tuple[NotChecked, ...]


def document(report: Report) -> Document:
    """The result in the shape of the file."""
    states = Counter(finding.state for finding in report.findings)
    counts = Counts(states[State.OPEN], states[State.KNOWN], states[State.SUPPRESSED])
    return Document(
        SCHEMA_VERSION, report.subject, report.scope, report.verdict, report.score, report.accuracy, counts,
        report.conditions, report.arguments, report.required, report.checks, report.not_checked,
    )  # fmt: skip


def render(report: Report) -> str:
    """The whole result. Keys are sorted; there is no time, host, commit or absolute path in it."""
    content = asdict(document(report))
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def render_facts(facts: RunFacts) -> str:
    """What differs from run to run, kept in a file of its own."""
    content = {"schema_version": SCHEMA_VERSION, **asdict(facts), "seconds": dict(facts.seconds)}
    del content["files"]  # the statement names them
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
