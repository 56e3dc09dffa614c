"""The report as one HTML page that asks for nothing: style and script stand in it, and no policy lets in any other.

Without script it shows everything; the script only hides what the filters leave out.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib import resources

from audit.model import Evidence, Report, Severity, Verdict
from audit.reports import wording
from audit.reports.advice import steps
from audit.reports.page_findings import findings
from audit.reports.page_parts import code, prose, sign, table


def render(report: Report) -> str:
    """The whole page."""
    style, script = asset("page.css"), asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{integrity(style)}'; script-src '{integrity(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="generator" content="audit">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>Audit of {escape(report.subject)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        *head(report),
        "<main>",
        *findings(report),
        *criteria(report),
        *families(report),
        *measurements(report),
        *advice(report),
        *strengths(report),
        *limits(report),
        "</main>",
        f"<script>{script}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def asset(name: str) -> str:
    """Style or script, as it stands in audit/reports/assets."""
    return (resources.files("audit.reports") / "assets" / name).read_text(encoding="utf-8")


def integrity(text: str) -> str:
    """What a content security policy calls this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def head(report: Report) -> Iterator[str]:
    """Verdict, why, score, numbers."""
    yield '<a class="skip" href="#findings">Skip to the findings</a>'
    yield "<header>"
    yield f"<h1>Audit of {escape(report.subject)}</h1>"
    yield f"<p>{sign(report.verdict)} {escape(wording.headline(report))}</p>"
    yield '<ul class="summary">'
    if report.score is not None:
        value = f"{report.score.value:.1f}"
        held_down = any(family.points for family in report.score.families)
        weakest = f", weakest: {escape(report.score.weakest)}" if held_down else ""
        yield f"<li><b>{value}</b> score of 100{weakest}</li>"
    for severity in Severity:
        number = sum(finding.severity is severity for finding in report.unsuppressed)
        yield f'<li><b class="{severity}">{number}</b> {severity}</li>'
    passed, applied = wording.tally(report)
    yield f"<li><b>{passed} / {applied}</b> checks passed</li>"
    yield "</ul>"
    if report.accuracy is not None:
        yield f'<p class="quiet">The rules that ran: {escape(wording.accuracy(report.accuracy))}.</p>'
    if report.score is not None and report.score.not_counted:
        yield f'<p class="quiet">Not in the score: {escape(", ".join(report.score.not_counted))}.</p>'
    for names, remedy in wording.remedies(report):
        yield f"<p>To have {escape(names)} checked: {escape(remedy)}.</p>"
    if report.conditions:
        yield f'<p class="quiet">In this run: {escape("; ".join(report.conditions))}.</p>'
    yield "<nav>"
    yield '<a href="#findings">Findings</a> <a href="#criteria">Criteria</a>'
    if report.score is not None:
        yield '<a href="#score">Score</a>'
    if steps(report):
        yield '<a href="#advice">What to do</a>'
    if report.not_checked:
        yield '<a href="#limits">What was not checked</a>'
    yield "</nav></header>"


def criteria(report: Report) -> Iterator[str]:
    """Every check with its evidence."""
    yield f'<h2 id="criteria">Criteria ({len(report.checks)})</h2>'
    rows = [
        (
            f'{escape(check.title)} <span class="quiet">{escape(check.id)}</span>',
            sign(check.verdict),
            "<br>".join(prose(line) for line in (wording.result(check), *check.notes)),
            "<br>".join(proof(evidence) for evidence in check.evidence) or "none",
        )
        for check in report.checks
    ]
    yield from table(("criterion", "verdict", "result", "evidence"), rows)


def proof(evidence: Evidence) -> str:
    """The command or probe, its versions, and what it read."""
    parts = [code(evidence.command)]
    parts += [escape(f"{name} {version}") for name, version in evidence.versions]
    parts += [f"sha256 {item.sha256[:12]}… of {escape(item.path)}" for item in evidence.inputs]
    return ", ".join(parts)


def families(report: Report) -> Iterator[str]:
    """Where the score comes from, beside how well each family's rules do."""
    if report.score is None:
        return
    figures = {check.id: check.accuracy for check in report.checks}
    rows = []
    for item in report.score.families:
        known = figures.get(item.family)
        value = f"{item.value:.1f}"
        bar = f'<meter min="0" max="100" low="50" high="90" optimum="100" value="{value}">{value}</meter>'
        believed = f"recall {known.recall:.2f}, precision {known.precision:.2f}" if known else "—"
        rows.append((escape(item.family), f"{bar} {value}", str(item.points), str(item.findings), believed))
    yield f'<h2 id="score">Score: {report.score.value:.1f} of 100</h2>'
    yield "<p>The score of the weakest family times the mean of all families. A finding costs points: "
    yield f"{', '.join(f'{severity} {severity.points}' for severity in Severity)}.</p>"
    yield from table(("family", "score", "points", "findings", "its rules, on the audit's own corpus"), rows)


def measurements(report: Report) -> Iterator[str]:
    """What was expected, of a paper's parameter or of a number in a document, beside what was measured."""
    for check in report.checks:
        if check.rows:
            yield f"<h2>{escape(check.title)}</h2>"
            rows = [
                (
                    f'{escape(row.name)} <span class="quiet">{escape(row.symbol)}</span>',
                    escape(wording.with_unit(row.evidence.expected, row.evidence.unit)),
                    escape(wording.measured(row.evidence)),
                    sign(row.verdict) + (f"<br>{escape(row.message)}" if row.verdict is not Verdict.PASS else ""),
                    f"{escape(row.source)}<br>{code(row.evidence.command)}",
                )
                for row in check.rows
            ]
            said = ("parameter", "paper") if check.id.startswith("paper.") else ("what", "expected")
            yield from table((*said, "measured", "verdict", "source and evidence"), rows)


def advice(report: Report) -> Iterator[str]:
    """What to do, in this order."""
    todo = steps(report)
    if todo:
        yield '<h2 id="advice">What to do, in this order</h2><ol>'
        yield from (
            f"<li>{f'<b class={chr(34)}{step.severity}{chr(34)}>{step.severity}</b> ' if step.severity else ''}"
            f"{code(step.about) + ' ' if step.about else ''}{prose(step.where)}{prose(step.text)}</li>"
            for step in todo
        )
        yield "</ol>"


def strengths(report: Report) -> Iterator[str]:
    """What a check measured and found right."""
    passed = [check for check in report.legs(Verdict.PASS) if check.evidence or check.rows]
    if passed:
        yield f"<h2>Strengths, measured</h2><p>{wording.STRENGTHS}</p><ul>"
        yield from (f"<li>{escape(check.title)}: {escape(wording.result(check))}</li>" for check in passed)
        yield "</ul>"


def limits(report: Report) -> Iterator[str]:
    """What was not checked."""
    if report.not_checked:
        yield '<h2 id="limits">What was not checked</h2>'
        rows = [(escape(item.what), escape(item.why), escape(item.how)) for item in report.not_checked]
        yield from table(("what", "why", "how to check it"), rows)
