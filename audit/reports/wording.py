"""Words and numbers that several renderings share."""

import re
from typing import assert_never

from audit.model import Check, Evidence, Finding, Report, Row, Severity, State, Verdict
from audit.scores import Accuracy

Number = str | int | float | None
STRENGTHS = "What was looked for and not found. Where a tree has nothing of the kind, there was nothing to find."
# What moves the cursor, changes colours or turns the direction of writing round; halves of characters, which names of
# files may hold. None of it may reach a terminal or a file from an audited tree.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TICKED = re.compile(r"((?<!`)`[^`\n]+`(?!`))")
# What markdown would take for its own: emphasis, links, code, tags, entities. An underscore within a word is none.
MARKS = re.compile(r"[\\`*\[]|(?<![^\W_])_|_(?![^\W_])")
TAG = str.maketrans({"<": "&lt;", "\n": " "})


def safe(text: str) -> str:
    """The same number of characters, none of which does anything but stand there."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Names of files may hold line breaks: nothing that begins a line of a report is theirs."""
    return safe(text).replace("\n", "\N{REPLACEMENT CHARACTER}")


def plain(text: str) -> str:
    """Words of an audited tree for markdown: they make no tag, link, picture or emphasis; `ticks` stay."""
    parts = TICKED.split(text)
    parts[::2] = [MARKS.sub(r"\\\g<0>", part).replace("&", "&amp;").translate(TAG) for part in parts[::2]]
    return "".join(parts)


def sign(verdict: Verdict) -> str:
    """A verdict for a narrow column, readable without colour."""
    match verdict:
        case Verdict.PASS:
            return "✓ pass"
        case Verdict.FAIL:
            return "✗ fail"
        case Verdict.DEVIATION:
            return "≈ deviation"
        case Verdict.UNKNOWN:
            return "? unknown"
        case Verdict.NOT_APPLICABLE:
            return "– not applicable"
        case Verdict.NOT_RUN:
            return "○ not run"
        case Verdict.ERROR:
            return "! error"
        case _:
            assert_never(verdict)


def number(value: Number) -> str:
    """A hash by its first twelve characters, thousands with commas, no needless zeros."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return f"{value[:12]}…" if len(value) == 64 else value
    return f"{value:,}" if isinstance(value, int) else f"{value:.10g}"


def with_unit(value: Number, unit: str) -> str:
    """A value and its unit; pure numbers have none."""
    text = number(value)
    return text if value is None or unit in ("", "1") else f"{text} %" if unit == "%" else f"{text} {unit}"


def measured(evidence: Evidence) -> str:
    """The measured value with its uncertainty and unit."""
    text = with_unit(evidence.measured, evidence.unit)
    if evidence.uncertainty is None:
        return text
    return with_unit(f"{number(evidence.measured)} ± {evidence.uncertainty:g}", evidence.unit)


def headline(report: Report) -> str:
    """The verdict and why, in one sentence or two."""
    verdict = report.verdict
    match verdict:
        case Verdict.PASS:
            return f"{every(report)} passed."
        case Verdict.DEVIATION:
            number = len(report.legs(Verdict.DEVIATION))
            which = f"{number} of them " if len(report.checks) > 1 else ""
            return (
                f"{every(report)} passed, {which}with deviations that are accepted: by name, "
                "with a reason, in a baseline, or as less grave than the gate asks."
            )
        case Verdict.NOT_APPLICABLE:
            return "none of the checks applies to this tree."
        case Verdict.FAIL | Verdict.ERROR | Verdict.UNKNOWN | Verdict.NOT_RUN:
            return reasons(report)
        case _:
            assert_never(verdict)


def every(report: Report) -> str:
    """All checks, in words; those that do not apply are named apart."""
    _, number = tally(report)
    words = {1: "the only check", 2: "both checks"}.get(number, f"all {number} checks")
    return words if number == len(report.checks) else f"{words} that {'applies' if number == 1 else 'apply'}"


def tally(report: Report) -> tuple[int, int]:
    """(how many checks passed, how many applied to the tree)."""
    applied = [check for check in report.checks if check.verdict is not Verdict.NOT_APPLICABLE]
    return sum(check.verdict.passes for check in applied), len(applied)


def reasons(report: Report) -> str:
    """What keeps the gate shut: which checks failed, broke down, stayed open, did not run."""
    if not report.checks:
        return "nothing was audited: no file to look at, or no check selected."
    kinds = (
        (Verdict.FAIL, "failed"),
        (Verdict.ERROR, "broke down"),
        (Verdict.UNKNOWN, "stayed unknown"),
        (Verdict.NOT_RUN, "did not run"),
    )
    parts = []
    for verdict, words in kinds:
        names = [check.id for check in report.legs(verdict)]
        if names:
            parts.append(f"{', '.join(names)} {words}")
    missing = [name for name in report.required if not report.fulfils(name)]
    if missing:
        parts.append(f"required and without a result: {', '.join(missing)}")
    passed, applied = tally(report)
    rest = len(report.checks) - applied
    aside = f", {rest} {'does' if rest == 1 else 'do'} not apply" if rest else ""
    return f"{'; '.join(parts)}. {passed} of {applied} checks passed{aside}."


def result(check: Check) -> str:
    """What came out, in a few words; a paper's rows stand in a table of their own."""
    if not check.rows or not check.id.startswith("paper."):
        return check.message
    return f"{sum(row.verdict is Verdict.PASS for row in check.rows)} of {len(check.rows)} parameters agree"


def score(report: Report) -> str:
    """The score, what holds it down, and what has no part in it."""
    result = report.score
    if result is None:
        return "no score: nothing came to a result"
    text = f"{result.value:.1f} of 100"
    least = min(result.families, key=lambda item: item.value)
    if least.points:
        text += f", held down most by {least.family} ({least.value:.1f})"
    absent = f"; without {', '.join(result.not_counted)}, which came to no result" if result.not_counted else ""
    return text + absent


def accuracy(figures: Accuracy) -> str:
    """How far rules can be believed."""
    return (
        f"recall {figures.recall:.2f}, precision {figures.precision:.2f} on {figures.planted} planted defects"
        " and near misses of the audit's own corpus, an upper bound"
    )


def gravities(report: Report) -> str:
    """How many findings count, by severity: `2 critical, 5 major`; "" without any."""
    numbers = ((severity, sum(item.severity is severity for item in report.unsuppressed)) for severity in Severity)
    return ", ".join(f"{number} {severity}" for severity, number in numbers if number)


def excerpt(finding: Finding) -> str:
    """The line it speaks of; "" where that may not be shown, or stands in its message already."""
    return "" if f"`{finding.excerpt}`" in finding.message else finding.excerpt


def states(report: Report) -> str:
    """How many findings are open, known, suppressed; "" when all are open."""
    numbers = {state: len(report.in_state(state)) for state in State}
    if not numbers[State.KNOWN] and not numbers[State.SUPPRESSED]:
        return ""
    return ", ".join(f"{number} {state}" for state, number in numbers.items() if number)


def remedies(report: Report) -> list[tuple[str, str]]:
    """(checks, command) for what did not run, each command once."""
    found: dict[str, list[str]] = {}
    for check in report.legs(Verdict.NOT_RUN):
        found.setdefault(check.remedy or "see its message", []).append(check.id)
    return [(", ".join(ids), remedy) for remedy, ids in found.items()]


def open_rows(check: Check) -> list[Row]:
    """The rows of a paper that are not plainly right, weakest first."""
    rows = [row for row in check.rows if row.verdict is not Verdict.PASS]
    return sorted(rows, key=lambda row: -row.verdict.weakness)
