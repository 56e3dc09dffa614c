"""The report in a terminal: a line for each check, the failing rows, the first findings, the verdict."""

from typing import assert_never

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.model import Report, Rule, Verdict
from audit.reports import wording

SHOWN = 15  # findings


def colour(verdict: Verdict) -> str:
    """Green passes, yellow is open, red is shut."""
    match verdict:
        case Verdict.PASS:
            return "green"
        case Verdict.DEVIATION | Verdict.UNKNOWN | Verdict.NOT_RUN:
            return "yellow"
        case Verdict.FAIL | Verdict.ERROR:
            return "bold red"
        case Verdict.NOT_APPLICABLE:
            return "dim"
        case _:
            assert_never(verdict)


def render(report: Report, *, all_rows: bool = False) -> RenderableType:
    """The whole result; a paper's rows that agree are left out unless asked for."""
    parts: list[RenderableType] = []
    summary = Table.grid(padding=(0, 2))
    for check in report.checks:
        agreeing = sum(row.verdict is Verdict.PASS for row in check.rows)
        message = f"{agreeing} of {len(check.rows)} parameters agree" if check.rows else check.message
        summary.add_row(Text(wording.sign(check.verdict), colour(check.verdict)), Text(check.id), Text(message))
    parts.append(summary)
    for check in report.checks:
        rows = check.rows if all_rows else wording.open_rows(check)
        if rows:
            parts.append(Text(f"\n{check.title}", "bold"))
        for row in rows:
            parts.append(Text.assemble("  ", (wording.sign(row.verdict), colour(row.verdict)), "  ", row.message))
        parts += [Text(f"  {check.id}: {note}", "dim") for note in check.notes]
    found = report.findings
    if found:
        parts.append(Text(f"\nFindings ({len(found)})", "bold"))
    for finding in found[:SHOWN]:
        parts.append(Text(f"  {finding.severity:<8}  {finding.location}  {finding.rule}: {finding.message}"))
    if len(found) > SHOWN:
        parts.append(Text(f"  … and {len(found) - SHOWN} more in the report", "dim"))
    for names, remedy in wording.remedies(report):
        parts.append(Text(f"\n{names}: not run; {remedy}", "yellow"))
    verdict = report.verdict
    parts.append(Text.assemble("\n", (wording.sign(verdict), colour(verdict)), f": {wording.headline(report)}"))
    return Group(*parts)


def rule_list(rules: tuple[Rule, ...]) -> RenderableType:
    """All rules, one a line."""
    grid = Table.grid(padding=(0, 2))
    for rule in rules:
        grid.add_row(Text(rule.id, "bold"), rule.severity, f"confidence {rule.confidence}", rule.title)
    return grid


def explained(rule: Rule) -> RenderableType:
    """One rule with its examples."""
    parts: list[RenderableType] = [
        Text(f"{rule.id}: {rule.title}", "bold"),
        Text(f"severity {rule.severity}, confidence {rule.confidence}"),
        Text(f"Why: {rule.why}"),
        Text(f"Fix: {rule.fix}"),
    ]
    for words, examples in (("Reports", rule.bad), ("Does not report", rule.good)):
        for example in examples:
            parts.append(Text(f"\n{words}: {example.title}", "bold"))
            for path, text in example.files:
                parts.append(Text(f"  {path}", "dim"))
                parts.append(Text("\n".join(f"    {line}" for line in text.strip("\n").split("\n"))))
    return Group(*parts)
