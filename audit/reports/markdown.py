"""The report as a review that a person could have written."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from audit.model import Check, Evidence, Finding, Report, Severity, State, Verdict
from audit.reports import wording
from audit.reports.advice import steps
from audit.scores import HALF

PADDED = 60  # characters; a wider cell stands as it is
READ = 3  # inputs of one piece of evidence that are named; the JSON report has all
SHOWN = 50  # findings of one severity that are written out; the JSON report has all


def render(report: Report) -> str:
    """Verdict, criteria, score, papers, findings, strengths, what to do, what was not checked."""
    sections = [
        title(report),
        criteria(report),
        families(report),
        *(measurements(check) for check in report.checks if check.rows),
        *findings(report),
        suppressed(report),
        strengths(report),
        todo(report),
        not_checked(report),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def title(report: Report) -> str:
    """What was audited, the verdict and why, the score and how far the rules can be believed."""
    lines = [
        f"# Audit of {wording.plain(report.subject)}",
        f"**{wording.sign(report.verdict)}**: {wording.headline(report)}",
    ]
    if report.unsuppressed:
        lines.append(f"**Findings**: {wording.gravities(report)}.")
    if report.checks:
        believed = f" The rules that ran: {wording.accuracy(report.accuracy)}." if report.accuracy else ""
        lines.append(f"**Score**: {wording.score(report)}.{believed}")
    kinds = {"tree": "Static rules only; nothing of the tree was run.", "paper": "Only the paper was measured."}
    if report.scope in kinds:
        lines.append(kinds[report.scope])
    for names, remedy in wording.remedies(report):
        lines.append(f"To have {names} checked: {remedy}.")
    if report.required:
        lines.append(f"Required in this run: {', '.join(report.required)}.")
    if report.conditions:
        lines.append(f"In this run: {'; '.join(report.conditions)}.")
    return "\n\n".join(lines)


def criteria(report: Report) -> str:
    """One line for each check, with its evidence."""
    rows = []
    for check in report.checks:
        proof = "; ".join(described(evidence) for evidence in check.evidence) or "none"
        came_out = wording.plain(wording.result(check))
        rows.append((f"`{check.id}`", check.title, wording.sign(check.verdict), came_out, proof))
    if not rows:
        return ""
    notes = [f"- {check.id}: {wording.plain(note)}" for check in report.checks for note in check.notes]
    text = "## Criteria\n\n" + table(("check", "criterion", "verdict", "result", "evidence"), rows)
    return text + ("\n\n" + "\n".join(notes) if notes else "")


def families(report: Report) -> str:
    """Where the score comes from, beside how well the rules of each family do on the corpus."""
    if report.score is None:
        return ""
    figures = {check.id: check.accuracy for check in report.checks}
    rows = []
    for item in report.score.families:
        known = figures.get(item.family)
        recall, precision = (f"{known.recall:.2f}", f"{known.precision:.2f}") if known else ("—", "—")
        planted = str(known.planted) if known else "—"
        own = (item.family, f"{item.value:.1f}", str(item.points), str(item.findings))
        rows.append((*own, recall, precision, planted))
    heads = ("family", "score", "points", "findings that count", "recall", "precision", "planted defects")
    explained = (
        f"A finding costs points: {', '.join(f'{item} {item.points}' for item in Severity)}. "
        f"A family with p points has {100 * HALF:,} / ({HALF} + p). "
        "The score is that of the weakest family times the mean of all. Recall and precision are those of the "
        "family's rules on the audit's own corpus, which was written beside them: an upper bound."
    )
    return f"## Score: {report.score.value:.1f} of 100\n\n{explained}\n\n{table(heads, rows)}"


def described(evidence: Evidence) -> str:
    """The command or probe, its versions, and what it read."""
    parts = [code(evidence.command)]
    if evidence.versions:
        parts.append(", ".join(f"{name} {version}" for name, version in evidence.versions))
    parts += [f"sha256 {item.sha256[:12]}… of {wording.plain(item.path)}" for item in evidence.inputs[:READ]]
    if len(evidence.inputs) > READ:
        parts.append(f"and {len(evidence.inputs) - READ} more in report.json")
    return ", ".join(parts)


def measurements(check: Check) -> str:
    """What was expected of each part beside what was measured, and a sentence on each that is not plainly right."""
    remarks = [f"- **{wording.sign(row.verdict)}** {wording.plain(row.message)}." for row in wording.open_rows(check)]
    text = paper(check) if check.id.startswith("paper.") else others(check)
    return f"## {check.title}\n\n{text}" + ("\n\n" + "\n".join(remarks) if remarks else "")


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
            code(row.evidence.command),
        )
        for row in check.rows
    ]
    heads = ("parameter", "symbol", "paper", "measured", "verdict", "where the paper says it", "evidence")
    return f"Measured on running code: probes call it and see only what it does.\n\n{table(heads, rows)}"


def others(check: Check) -> str:
    """Numbers of documents, peaks of memory."""
    rows = [
        (
            wording.plain(f"{row.name}, {row.source}" if row.source else row.name),
            wording.with_unit(row.evidence.expected, row.evidence.unit),
            wording.measured(row.evidence),
            wording.sign(row.verdict),
            code(row.evidence.command),
        )
        for row in check.rows
    ]
    return table(("what", "expected", "measured", "verdict", "evidence"), rows)


def findings(report: Report) -> Iterator[str]:
    """Gravest first; within a severity, one heading for each rule with its risk and fix."""
    names = {Severity.CRITICAL: "Critical", Severity.MAJOR: "Quality", Severity.MINOR: "Minor"}
    for severity in Severity:
        chosen = [finding for finding in report.unsuppressed if finding.severity is severity]
        if not chosen:
            continue
        parts = [f"## {names[severity]} findings ({len(chosen)})"]
        left = SHOWN
        by_rule = sorted(chosen, key=lambda finding: finding.rule)
        for rule, group in groupby(by_rule, key=lambda finding: finding.rule):
            members = list(group)
            called = f": {members[0].title}" if members[0].title else ""
            heading = f"### `{rule}`{called} ({len(members)})"
            risk, fix = wording.plain(members[0].risk), wording.plain(members[0].fix)
            parts.append(f"{heading}\n\nRisk: {risk}  \nFix: {fix}")
            parts.append("\n".join(place(finding) for finding in members[: max(left, 1)]))
            if len(members) > max(left, 1):
                parts.append(f"… and {len(members) - max(left, 1)} more, in report.json.")
            left -= len(members)
        yield "\n\n".join(parts)


def place(finding: Finding) -> str:
    """One finding: where, what, and the line itself where it may be shown."""
    quoted = wording.excerpt(finding)
    excerpt = f" — {code(quoted)}" if quoted else ""
    known = " *(known from the baseline)*" if finding.state is State.KNOWN else ""
    return f"- {code(str(finding.location))}: {wording.plain(finding.message)}{excerpt}{known}"


def suppressed(report: Report) -> str:
    """What does not count, and who said so where."""
    chosen = report.in_state(State.SUPPRESSED)
    if not chosen:
        return ""
    rows = [
        (
            code(str(item.location)),
            f"`{item.rule}`",
            wording.plain(item.message),
            wording.plain(item.reason),
            code(item.suppressed_in),
        )
        for item in chosen[:SHOWN]
    ]
    more = f"\n\n… and {len(chosen) - SHOWN} more, in report.json." if len(chosen) > SHOWN else ""
    heads = ("place", "rule", "finding", "reason", "written in")
    return f"## Suppressed findings ({len(chosen)})\n\n{table(heads, rows)}{more}"


def strengths(report: Report) -> str:
    """What was looked at and found right: only what a check measured, with what it measured."""
    lines = []
    for check in report.legs(Verdict.PASS):
        if not check.evidence and not check.rows:
            continue
        figures = check.accuracy
        believed = f" (rules with recall {figures.recall:.2f} on {figures.planted} planted defects)" if figures else ""
        lines.append(f"- {check.title}: {wording.plain(wording.result(check))}{believed}.")
    return f"## Strengths, measured\n\n{wording.STRENGTHS}\n\n" + "\n".join(lines) if lines else ""


def todo(report: Report) -> str:
    """What to do, in this order."""
    lines = []
    for number, step in enumerate(steps(report), 1):
        severity = f"**{step.severity}** " if step.severity else ""
        about = f"{code(step.about)} " if step.about else ""
        lines.append(f"{number}. {severity}{about}{wording.plain(step.where + step.text)}")
    return "## What to do, in this order\n\n" + "\n".join(lines) if lines else ""


def not_checked(report: Report) -> str:
    """The limits of this report."""
    if not report.not_checked:
        return ""
    rows = [tuple(map(wording.plain, (item.what, item.why, item.how))) for item in report.not_checked]
    return "## What was not checked\n\n" + table(("what", "why", "how to check it"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table whose source is aligned as well, so that it reads as text; but for what is too wide."""
    cells = [[escape(cell) for cell in row] for row in (heads, *rows)]
    widths = [min(max(len(row[column]) for row in cells), PADDED) for column in range(len(heads))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def escape(cell: str) -> str:
    """A cell cannot hold a bar or a line break."""
    return cell.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """A line of the target as code, whatever ticks or line breaks it holds."""
    text = wording.one_line(text)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"
