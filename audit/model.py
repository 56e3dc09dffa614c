"""The nouns of an audit. Everything else produces them, adds them up or renders them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from audit.scores import Accuracy, Score


class Verdict(StrEnum):
    """What one check, or a whole audit, came to."""

    PASS = "pass"
    FAIL = "fail"
    DEVIATION = "deviation"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"
    ERROR = "error"

    @property
    def weakness(self) -> int:
        """How weak a leg this is, 0 for the strongest; the gate takes the weakest leg.

        not_applicable weighs least, so that it never hides another verdict. What was not decided (unknown) or not
        even tried (not_run) is weaker than an accepted deviation; a measured failure is weaker than either; a check
        that broke down is the weakest, because nobody knows what it would have said.
        """
        match self:
            case Verdict.NOT_APPLICABLE:
                return 0
            case Verdict.PASS:
                return 1
            case Verdict.DEVIATION:
                return 2
            case Verdict.UNKNOWN:
                return 3
            case Verdict.NOT_RUN:
                return 4
            case Verdict.FAIL:
                return 5
            case Verdict.ERROR:
                return 6
            case _:
                assert_never(self)

    @property
    def passes(self) -> bool:
        """Whether a gate lets this leg through. An audit of nothing but not_applicable legs is refused elsewhere."""
        return self.weakness <= Verdict.DEVIATION.weakness


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """The weakest leg. Nothing at all is not_run: zero checks is never a pass."""
    return max(verdicts, key=lambda verdict: verdict.weakness, default=Verdict.NOT_RUN)


class Severity(StrEnum):
    """What a finding costs if it is left alone."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)

    @property
    def points(self) -> int:
        """What a finding costs its family in the score."""
        return {Severity.CRITICAL: 10, Severity.MAJOR: 3, Severity.MINOR: 1}[self]


class Confidence(StrEnum):
    """How often a finding of this rule is right."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Example:
    """A tree of files, small enough to read, on which a rule speaks (bad) or must keep silent (good)."""

    title: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    """One thing that can be found in a tree without running it."""

    id: str
    title: str
    why: str
    fix: str
    family: str
    severity: Severity
    confidence: Confidence
    bad: tuple[Example, ...]
    good: tuple[Example, ...]


@dataclass(frozen=True, order=True)
class Location:
    """A place in the audited tree.

    Attributes:
        path: relative to the tree's root, with forward slashes.
        line: from 1; 0 when the whole file is meant.
        cell: number of a notebook's cell, from 0 over all its cells; None outside notebooks.
    """

    path: str
    line: int = 0
    cell: int | None = None

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"#cell={self.cell}"
        return f"{self.path}{cell}:{self.line}" if self.line else f"{self.path}{cell}"


class State(StrEnum):
    """Whether a finding counts against the tree."""

    OPEN = "open"
    KNOWN = "known"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Finding:
    """A rule's remark about one place.

    Attributes:
        fingerprint: of rule, path and content, the same after lines have moved; "" until the gate has seen it.
        state: known from a baseline, suppressed by name, or open.
        reason: why it is suppressed, and `suppressed_in`, where that is written.
        title: the rule's, in a few words.
    """

    rule: str
    family: str
    severity: Severity
    confidence: Confidence
    location: Location
    message: str
    risk: str
    fix: str
    excerpt: str = ""
    title: str = ""
    fingerprint: str = ""
    state: State = State.OPEN
    reason: str = ""
    suppressed_in: str = ""


@dataclass(frozen=True)
class InputHash:
    """What a check read, and its content at that time."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Evidence:
    """Where a verdict comes from: enough to look again.

    Attributes:
        command: the command line, or the probe with its arguments.
        measured: what came out, as text or number.
        expected: what should have come out.
        unit: of both; "" for none.
        uncertainty: half-width around a measured number; None for text and counts.
        versions: (name, version) of what did the measuring.
        inputs: files read.
        output_sha256: of the captured output, where there is one.
    """

    command: str
    measured: str | int | float | None = None
    expected: str | int | float | None = None
    unit: str = ""
    uncertainty: float | None = None
    versions: tuple[tuple[str, str], ...] = ()
    inputs: tuple[InputHash, ...] = ()
    output_sha256: str = ""


@dataclass(frozen=True)
class Row:
    """One measured parameter of a paper."""

    id: str
    name: str
    symbol: str
    source: str
    verdict: Verdict
    evidence: Evidence
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One criterion: what was asked, what came out, and why one may believe it.

    Attributes:
        remedy: what makes a check run that did not, or mends one that failed.
        crash: the audit's own failure ("Type: message") when this check broke down; "" otherwise.
        accuracy: how its rules do on the corpus; None for what is no rule, or was never measured.
    """

    id: str
    title: str
    verdict: Verdict
    message: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    remedy: str = ""
    crash: str = ""
    accuracy: Accuracy | None = None


@dataclass(frozen=True)
class NotChecked:
    """Something this audit did not look at, and how to have it looked at."""

    what: str
    why: str
    how: str


@dataclass(frozen=True)
class Report:
    """The whole result: a function of the audited tree and the versions of the tools, and of nothing else.

    (Dates in suppressions are the exception: a finding comes back on the day after its suppression ends.)

    Attributes:
        conditions: options and configuration that narrowed this run, in words.
        arguments: (name, value) of what the command was given by hand, so that it can be run again.
        score: None where nothing came to a result.
    """

    subject: str
    scope: str
    checks: tuple[Check, ...]
    not_checked: tuple[NotChecked, ...] = ()
    required: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    score: Score | None = None

    @property
    def verdict(self) -> Verdict:
        """The weakest leg; a required check that is absent or not applicable is a leg that did not run."""
        legs = [check.verdict for check in self.checks]
        legs += [Verdict.NOT_RUN for name in self.required if not self.fulfils(name)]
        return weakest(legs)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, gravest first, then by place; what two tools say of one place under one id stands once."""
        found = {(item.rule, item.location): item for check in reversed(self.checks) for item in check.findings}
        return tuple(sorted(found.values(), key=finding_order))

    def in_state(self, state: State) -> tuple[Finding, ...]:
        """The findings that are open, known, or suppressed."""
        return tuple(finding for finding in self.findings if finding.state is state)

    @property
    def unsuppressed(self) -> tuple[Finding, ...]:
        """The findings that count: open, or known from a baseline."""
        return tuple(finding for finding in self.findings if finding.state is not State.SUPPRESSED)

    @property
    def accuracy(self) -> Accuracy | None:
        """Of all rules that ran, together; None where none of them was ever measured."""
        figures = [check.accuracy for check in self.checks if check.accuracy and check.verdict is not Verdict.NOT_RUN]
        return sum(figures, start=Accuracy(0, 0, 0)) if figures else None

    def fulfils(self, name: str) -> bool:
        """Whether something of this name applied, and all of this name did run."""
        verdicts = {check.verdict for check in self.checks if matches(check.id, name)} - {Verdict.NOT_APPLICABLE}
        return bool(verdicts) and Verdict.NOT_RUN not in verdicts

    def legs(self, *verdicts: Verdict) -> tuple[Check, ...]:
        """The checks that came to one of these verdicts."""
        return tuple(check for check in self.checks if check.verdict in verdicts)


@dataclass(frozen=True)
class RunFacts:
    """What differs from run to run of the same tree; kept out of the report so that its bytes do not.

    Attributes:
        files: every file of the audited tree; for the statement.
    """

    started: str
    commit: str
    tree: str
    python: str
    platform: str
    seconds: tuple[tuple[str, float], ...]
    files: tuple[InputHash, ...] = ()


def finding_order(finding: Finding) -> tuple[int, str, int, int, str, str]:
    """Sort key: gravest first, then by place, then by rule."""
    place = finding.location
    cell = -1 if place.cell is None else place.cell
    return finding.severity.rank, place.path, cell, place.line, finding.rule, finding.message


def found(rule: Rule, location: Location, message: str, excerpt: str = "") -> Finding:
    """A finding of `rule`: carries the rule's risk and fix, so that a report needs no rule book beside it."""
    return Finding(
        rule=rule.id, family=rule.family, severity=rule.severity, confidence=rule.confidence, location=location,
        message=message, risk=rule.why, fix=rule.fix, excerpt=excerpt, title=rule.title,
    )  # fmt: skip


def counted(number: int, noun: str) -> str:
    """`no finding`, `1 finding`, `2 findings`."""
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def matches(check_id: str, name: str) -> bool:
    """Whether `name` selects the check: its id or a leading part of it, as `coverage` selects `coverage.audit`."""
    return check_id == name or check_id.startswith(f"{name}.")
