"""The report in a terminal: a line for each check, the failing rows, the first findings, the verdict."""

from typing import assert_never

from rich.console import Group, RenderableType
from rich.text import Text

from audit.model import Finding, Report, Rule, State, Verdict
from audit.reports import wording

SHOWN = 15  # findings, where somebody reads along
GATED = ("project", "tree")  # audits that a gate judges, and a score


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


def render(
    report: Report, *, all_rows: bool = False, shown: int | None = None, more: str = "in the report"
) -> RenderableType:  # fmt: skip
    """The whole result; a paper's rows that agree are left out unless asked for.

    Args:
        shown: how many findings, the first of all; every one without it.
        more: where the others are.
    """
    parts: list[RenderableType] = []
    signs = max((len(wording.sign(check.verdict)) for check in report.checks), default=0)
    names = max((len(check.id) for check in report.checks), default=0)
    for check in report.checks:
        verdict = wording.sign(check.verdict).ljust(signs)
        parts.append(Text.assemble((verdict, colour(check.verdict)), f"  {check.id:<{names}}  {wording.result(check)}"))
    for check in report.checks:
        rows = check.rows if all_rows else wording.open_rows(check)
        if rows:
            parts.append(Text(f"\n{check.title}", "bold"))
        parts += [
            Text.assemble("  ", (wording.sign(row.verdict), colour(row.verdict)), "  ", row.message) for row in rows
        ]
        parts += [Text(f"  {check.id}: {note}", "dim") for note in check.notes]
    found = sorted(report.findings, key=lambda item: list(State).index(item.state))
    if found:
        numbers = wording.states(report) or wording.gravities(report)
        parts.append(Text(f"\nFindings ({len(found)}: {numbers})", "bold"))
    parts += [line(item) for item in found[:shown]]
    if shown is not None and len(found) > shown:
        parts.append(Text(f"  … and {len(found) - shown} more {more}", "dim"))
    parts += [Text(f"\n{ids}: not run; {remedy}", "yellow") for ids, remedy in wording.remedies(report)]
    figures = report.accuracy
    believed = f"; the rules' {wording.accuracy(figures)}" if figures else ""
    if report.score or report.scope in GATED:
        parts.append(Text(f"\n{'Score ' if report.score else ''}{wording.score(report)}{believed}"))
    parts += [Text(f"In this run: {condition}", "dim") for condition in report.conditions]
    overall = (wording.sign(report.verdict), colour(report.verdict))
    parts.append(Text.assemble("\n", overall, f": {wording.headline(report)}"))
    for part in parts:
        if isinstance(part, Text):
            part.plain = wording.safe(part.plain)
    return Group(*parts)


def line(finding: Finding) -> Text:
    """One finding; what does not count is dim and says why."""
    text = wording.one_line(f"  {finding.severity:<8}  {finding.location}  {finding.rule}: {finding.message}")
    if finding.state is State.OPEN:
        return Text(text)
    return Text(f"{text} [{finding.state}{': ' if finding.reason else ''}{finding.reason}]", "dim")


def rule_list(rules: tuple[Rule, ...]) -> RenderableType:
    """All rules, one a line."""
    width = max(len(rule.id) for rule in rules)
    lines = [
        Text.assemble((f"{rule.id:<{width}}", "bold"), f"  {rule.severity:<8}  {rule.confidence:<6}  {rule.title}")
        for rule in rules
    ]
    return Group(*lines)


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
