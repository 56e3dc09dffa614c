"""The report as a review that a person could have written."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from audit.model import Check, Evidence, Finding, Report, Severity, Verdict
from audit.reports import wording

SHOWN = 50  # findings of one severity that are written out; the JSON report has all


def render(report: Report) -> str:
    """Verdict, criteria, papers, findings, what to do, what was not checked."""
    sections = [
        title(report),
        criteria(report),
        *(paper(check) for check in report.checks if check.rows),
        *findings(report),
        todo(report),
        not_checked(report),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def title(report: Report) -> str:
    """What was audited, the verdict and why."""
    lines = [
        f"# Audit of {report.subject}",
        f"**{wording.sign(report.verdict)}**: {wording.headline(report)}",
    ]
    kinds = {"tree": "Static rules only; nothing of the tree was run.", "paper": "Only the paper was measured."}
    if report.scope in kinds:
        lines.append(kinds[report.scope])
    for names, remedy in wording.remedies(report):
        lines.append(f"To have {names} checked: {remedy}.")
    if report.required:
        lines.append(f"Required in this run: {', '.join(report.required)}.")
    return "\n\n".join(lines)


def criteria(report: Report) -> str:
    """One line for each check, with its evidence."""
    rows = []
    for check in report.checks:
        proof = "; ".join(described(evidence) for evidence in check.evidence) or "none"
        rows.append((f"`{check.id}`", check.title, wording.sign(check.verdict), wording.result(check), proof))
    if not rows:
        return ""
    notes = [f"- {check.id}: {note}" for check in report.checks for note in check.notes]
    text = "## Criteria\n\n" + table(("check", "criterion", "verdict", "result", "evidence"), rows)
    return text + ("\n\n" + "\n".join(notes) if notes else "")


def described(evidence: Evidence) -> str:
    """The command or probe, its versions, and what it read."""
    parts = [f"`{evidence.command}`"]
    if evidence.versions:
        parts.append(", ".join(f"{name} {version}" for name, version in evidence.versions))
    parts += [f"sha256 {item.sha256[:12]}… of {item.path}" for item in evidence.inputs]
    return ", ".join(parts)


def paper(check: Check) -> str:
    """What the paper says beside what was measured."""
    rows = [
        (
            row.name,
            row.symbol,
            wording.with_unit(row.evidence.expected, row.evidence.unit),
            wording.measured(row.evidence),
            wording.sign(row.verdict),
            row.source,
            f"`{row.evidence.command}`",
        )
        for row in check.rows
    ]
    heads = ("parameter", "symbol", "paper", "measured", "verdict", "where the paper says it", "evidence")
    remarks = [f"- **{wording.sign(row.verdict)}** {row.message}." for row in wording.open_rows(check)]
    text = f"## {check.title}\n\nMeasured on running code: probes call it and see only what it does.\n\n"
    return text + table(heads, rows) + ("\n\n" + "\n".join(remarks) if remarks else "")


def findings(report: Report) -> Iterator[str]:
    """Gravest first; within a severity, one heading for each rule with its risk and fix."""
    names = {Severity.CRITICAL: "Critical", Severity.MAJOR: "Quality", Severity.MINOR: "Minor"}
    for severity in Severity:
        chosen = [finding for finding in report.findings if finding.severity is severity]
        if not chosen:
            continue
        parts = [f"## {names[severity]} findings ({len(chosen)})"]
        left = SHOWN
        by_rule = sorted(chosen, key=lambda finding: finding.rule)
        for rule, group in groupby(by_rule, key=lambda finding: finding.rule):
            members = list(group)
            parts.append(f"### `{rule}` ({len(members)})\n\nRisk: {members[0].risk}  \nFix: {members[0].fix}")
            parts.append("\n".join(place(finding) for finding in members[: max(left, 1)]))
            if len(members) > max(left, 1):
                parts.append(f"… and {len(members) - max(left, 1)} more, in report.json.")
            left -= len(members)
        yield "\n\n".join(parts)


def place(finding: Finding) -> str:
    """One finding: where, what, and the line itself where it may be shown."""
    excerpt = f" — {code(finding.excerpt)}" if finding.excerpt else ""
    return f"- `{finding.location}`: {finding.message}{excerpt}"


def todo(report: Report) -> str:
    """What to do, in this order."""
    steps = [f"Find out why `{check.id}` broke down: {check.message}." for check in report.legs(Verdict.ERROR)]
    for severity in Severity:
        rules = sorted({(finding.rule, finding.fix) for finding in report.findings if finding.severity is severity})
        steps += [f"`{rule}`: {fix}" for rule, fix in rules[:10]]
    for check in report.checks:
        steps += [f"{row.message}." for row in wording.open_rows(check) if row.verdict is not Verdict.DEVIATION]
        if check.verdict is Verdict.FAIL and check.remedy:
            steps.append(f"`{check.id}`: {check.remedy}.")
    steps += [f"For {names}: {remedy}." for names, remedy in wording.remedies(report)]
    if not steps:
        return ""
    return "## What to do, in this order\n\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def not_checked(report: Report) -> str:
    """The limits of this report."""
    if not report.not_checked:
        return ""
    rows = [(item.what, item.why, item.how) for item in report.not_checked]
    return "## What was not checked\n\n" + table(("what", "why", "how to check it"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table whose source is aligned as well, so that it reads as text."""
    cells = [[escape(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def escape(cell: str) -> str:
    """A cell cannot hold a bar or a line break."""
    return cell.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """A line of the target as code, whatever ticks it holds."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
