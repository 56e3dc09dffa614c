"""What to do about a report, in order: shared by the renderings that people read."""

from collections.abc import Iterator
from dataclasses import dataclass

from audit.model import Finding, Report, Severity, Verdict
from audit.reports import wording

RULES = 10  # of one severity that are named one by one


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        about: the rule, check or checks that asked for it.
        where: "in `a.py:3`: " or "3 places, first `a.py:3`: "; "" where it has no place.
    """

    text: str
    about: str = ""
    where: str = ""
    severity: Severity | None = None


def steps(report: Report) -> list[Step]:
    """What broke down, then rules by gravity and number of findings, then what is to be measured."""
    broken = report.legs(Verdict.ERROR)
    found = [Step(f"Find out why it broke down: {check.crash or check.message}.", check.id) for check in broken]
    for severity in Severity:
        found += of_severity(report, severity)
    for check in report.checks:
        rows = [row for row in wording.open_rows(check) if row.verdict is not Verdict.DEVIATION]
        found += [Step(f"{row.message}.", check.id) for row in rows]
        if check.verdict is Verdict.FAIL and check.remedy:
            found.append(Step(f"{check.remedy}.", check.id))
    return found + [Step(f"{remedy}.", names) for names, remedy in wording.remedies(report)]


def of_severity(report: Report, severity: Severity) -> Iterator[Step]:
    """One step for each rule, the most frequent first."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in report.unsuppressed:
        if finding.severity is severity:
            by_rule.setdefault(finding.rule, []).append(finding)
    ordered = sorted(by_rule.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    for rule, members in ordered[:RULES]:
        first = members[0].location
        where = f"{len(members)} places, first `{first}`: " if len(members) > 1 else f"in `{first}`: "
        yield Step(members[0].fix, rule, where, severity)
    if len(ordered) > RULES:
        yield Step(f"{len(ordered) - RULES} more rules, named with their findings.", severity=severity)
