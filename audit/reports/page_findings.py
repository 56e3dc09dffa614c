"""The findings of the HTML page, and the filters above them."""

from collections.abc import Iterator, Sequence
from html import escape

from audit.model import Finding, Report, Severity, State
from audit.reports import wording
from audit.reports.page_parts import prose


def findings(report: Report) -> Iterator[str]:
    """Filters and the findings, gravest first."""
    yield f'<section><h2 id="findings">Findings ({len(report.findings)})</h2>'
    if report.findings:
        yield from filters(report)
        yield '<ol class="findings">'
        for finding in report.findings:
            yield item(finding)
        yield "</ol>"
    else:
        yield "<p>None.</p>"
    yield "</section>"


def filters(report: Report) -> Iterator[str]:
    """Severity, state, family, words. Hidden until the script runs: without it they would do nothing."""
    yield '<form class="filters" id="filters" hidden>'
    yield '<input type="search" id="search" placeholder="Search ( / )" aria-label="Search the findings">'
    yield '<select id="family" aria-label="Family"><option value="">all families</option>'
    for family in sorted({finding.family for finding in report.findings}):
        yield f'<option value="{escape(family)}">{escape(family)}</option>'
    yield "</select>"
    yield boxes("severity", "Severity", [*Severity])
    yield boxes("state", "State", [state for state in State if report.in_state(state)])
    yield '<button type="reset">Reset</button><output id="shown" aria-live="polite"></output></form>'


def boxes(name: str, title: str, values: Sequence[str]) -> str:
    """One checkbox for each value, all ticked."""
    inner = "".join(
        f'<label><input type="checkbox" name="{name}" value="{value}" checked> {value}</label>' for value in values
    )
    return f"<fieldset><legend>{title}</legend>{inner}</fieldset>"


def item(finding: Finding) -> str:
    """One finding with its risk and fix."""
    data = f'data-severity="{finding.severity}" data-family="{escape(finding.family)}" data-state="{finding.state}"'
    away = "" if finding.state is State.OPEN else " away"
    state = "" if finding.state is State.OPEN else f' <span class="tag">{finding.state}</span>'
    reason = f"<p>Suppressed in <code>{escape(finding.suppressed_in)}</code>: {escape(finding.reason)}</p>"
    quoted = wording.excerpt(finding)
    lines = [
        f'<li class="finding{away}" {data}>',
        f'<h3><span class="tag {finding.severity}">{finding.severity}</span> {prose(finding.message)}{state}</h3>',
        f'<p><code>{escape(str(finding.location))}</code> <span class="quiet">{escape(finding.rule)}</span></p>',
        f"<pre>{escape(quoted)}</pre>" if quoted else "",
        reason if finding.state is State.SUPPRESSED else "",
        f"<details><summary>Risk and fix</summary><p><b>Risk.</b> {prose(finding.risk)}</p>"
        f"<p><b>Fix.</b> {prose(finding.fix)}</p></details></li>",
    ]
    return "\n".join(line for line in lines if line)
