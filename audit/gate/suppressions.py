"""Findings that somebody decided to leave: with a reason, for a time, and reported when nothing needs them any more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from audit.gate.comments import Suppression, written
from audit.gate.names import nearest
from audit.model import Check, Confidence, Evidence, Finding, Location, Severity, State, Verdict, counted, found
from audit.patterns import Pattern
from audit.rules.family import rule
from audit.target import Target

REASON = rule(
    "suppressions.reason",
    title="Suppression that says too little",
    why="Nobody can judge later whether the finding was rightly left; it suppresses nothing.",
    fix="Name the rule and say why: `# audit: ignore[rule-id] reason until 2027-01-31`; the date may be left out.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
EXPIRED = rule(
    "suppressions.expired",
    title="Suppression past its date",
    why="What was to be put right by then is not; the finding counts again.",
    fix="Put the finding right and remove the comment, or give a new date with a new reason.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)
STALE = rule(
    "suppressions.stale",
    title="Suppression that suppresses nothing",
    why="It would hide the next finding of its kind in this place, which nobody has judged.",
    fix="Remove it.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)
UNKNOWN = rule(
    "suppressions.unknown",
    title="Suppression of a rule that does not exist",
    why="It suppresses nothing, and whoever wrote it thinks that it does.",
    fix="Write the rule's id as `audit rules` lists it.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
RULES = (REASON, EXPIRED, STALE, UNKNOWN)
ID = "suppressions"
TITLE = "What is suppressed has a reason and is still there"


@dataclass(frozen=True)
class Names:
    """What a suppression may name, and what this run can judge.

    Attributes:
        rules: ids of all rules.
        families: of all checks, also those whose rules have no list, as a linter's.
        ran: families that came to a result.
    """

    rules: Collection[str]
    families: Collection[str]
    ran: Collection[str]

    def knows(self, name: str) -> bool:
        """Whether there is such a rule or family."""
        first = name.split(".")[0]
        listed = any(rule_id.startswith(f"{first}.") for rule_id in self.rules)
        return name in self.rules or name in self.families or (first in self.families and not listed)

    def judges(self, name: str) -> bool:
        """Whether its family came to a result here, so that no finding means that there is none."""
        return name.split(".")[0] in self.ran


def applied(
    checks: Sequence[Check], target: Target, table: Sequence[Suppression], names: Names, today: date, *, heeded: bool
) -> tuple[tuple[Check, ...], Check | None]:
    """(the checks with suppressed findings marked, a check of the suppressions themselves; None without any).

    Args:
        heeded: whether comments count, beside the table.
    """
    suppressions = [*(written(target) if heeded else ()), *table]
    if not suppressions:
        return tuple(checks), None
    used: set[int] = set()
    in_force = [(number, item) for number, item in enumerate(suppressions) if holds(item, today)]

    def mark(finding: Finding) -> Finding:
        for number, item in in_force:
            if covers(item, finding):
                used.add(number)
                return replace(finding, state=State.SUPPRESSED, reason=item.reason, suppressed_in=str(item.location))
        return finding

    marked = tuple(replace(check, findings=tuple(map(mark, check.findings))) for check in checks)
    remarks = [
        remark
        for number, item in enumerate(suppressions)
        for remark in judged(item, number in used, names, today)
    ]  # fmt: skip
    places = {(f.rule, f.location) for check in marked for f in check.findings if f.state is State.SUPPRESSED}
    message = f"{counted(len(remarks), 'finding')} in {counted(len(suppressions), 'suppression')}"
    message += f", which cover {counted(len(places), 'finding')}"
    proof = Evidence(f"audit.gate.suppressions on {len(suppressions)}", len(remarks), 0, "findings")
    verdict = Verdict.FAIL if remarks else Verdict.PASS
    return marked, Check(ID, TITLE, verdict, message, tuple(remarks), (proof,))


def holds(item: Suppression, today: date) -> bool:
    """Whether it suppresses anything at all today; its last day counts."""
    return bool(item.rules and item.reason) and not item.problem and (item.until is None or today <= item.until)


def covers(item: Suppression, finding: Finding) -> bool:
    """Whether a suppression speaks of this finding: its rule, its file, its cell, its line."""
    place = finding.location
    if not any(finding.rule == name or finding.family == name for name in item.rules):
        return False
    if item.lines is None and item.location.cell is None:
        return Pattern(item.path).matches(place.path)
    same_cell = place.path == item.path and place.cell == item.location.cell
    return same_cell and (item.lines is None or place.line in item.lines)


def judged(item: Suppression, is_used: bool, names: Names, today: date) -> list[Finding]:
    """What is wrong with one suppression."""
    what = ", ".join(item.rules)
    if item.problem or not item.rules or not item.reason:
        problem = item.problem or ("it names no rule" if not item.rules else f"no reason to leave {what} is given")
        return [found(REASON, item.location, problem)]
    unknown = [name for name in item.rules if not names.knows(name)]
    if unknown:
        return [
            found(UNKNOWN, item.location, f"no rule is called {name!r}{nearest(name, names.rules)}") for name in unknown
        ]
    if not holds(item, today):
        return [found(EXPIRED, item.location, f"{what} was suppressed until {item.until}: {item.reason}")]
    if not is_used and all(map(names.judges, item.rules)):
        where = "here" if item.lines or item.location.cell is not None else f"in {item.path}"
        return [found(STALE, item.location, f"{what} finds nothing {where}")]
    return []


def from_table(rules: Sequence[str], path: str, reason: str, until: date | None) -> Suppression:
    """An entry of [tool.audit.suppress]."""
    return Suppression(tuple(rules), reason, until, Location("pyproject.toml"), path)
