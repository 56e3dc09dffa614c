"""From what the checks found to what the gate says: fingerprints, suppressions, baseline, selection, score."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from audit.config import Config
from audit.gate import baseline, fingerprints, suppressions
from audit.gate.score import COUNTED, score, score_check
from audit.gate.selection import OPEN_FAMILIES, Selection
from audit.model import Check, Report, Severity, State, Verdict, counted
from audit.target import Target


def judged(
    report: Report, target: Target, settings: Config, selection: Selection, rules: Collection[str], today: date,
    known: baseline.Baseline | None = None,
) -> Report:  # fmt: skip
    """The report with every finding's state, the verdicts that follow from them, and the score.

    Args:
        report: as the checks left it.
        rules: ids of all rules.
        today: in UTC; suppressions may end.
        known: what stands in the baseline that the settings name.
    """
    if not report.checks:
        return report
    ran = {check.id for check in report.checks if check.verdict in COUNTED}
    ran |= {name.split(".")[0] for name in ran if name.split(".")[0] in OPEN_FAMILIES}
    families = {check.split(".")[0] for check in selection.checks} | set(OPEN_FAMILIES)
    table = [suppressions.from_table([item.rule], item.path, item.reason, item.until) for item in settings.suppress]
    names = suppressions.Names(rules, families, ran)
    checks, about_suppressions = suppressions.applied(
        fingerprints.stamped(report.checks), target, table, names, today, heeded=settings.comments
    )
    extra: list[Check] = []
    if about_suppressions and selection.runs(suppressions.ID):
        extra += fingerprints.stamped([about_suppressions])
    if settings.baseline and known is not None:
        place = target.root / settings.baseline
        checks, about_baseline = baseline.compared((*checks, *extra), known, place, {*ran, suppressions.ID})
        checks, extra = checks[: len(report.checks)], [*checks[len(report.checks) :], about_baseline]
    checks = settled(checks, settings, selection)
    result = score(checks)
    if settings.fail_under is not None:
        extra.append(score_check(result, settings.fail_under))
    checks = without_lesser((*checks, *settled(extra, settings, selection)), settings.severity)
    return replace(report, checks=checks, score=result, conditions=(*report.conditions, *conditions(settings)))


def settled(checks: Sequence[Check], settings: Config, selection: Selection) -> tuple[Check, ...]:
    """Without findings that were not asked for; verdicts of what failed by its findings follow from what is left."""
    return tuple(settle(check, settings, selection) for check in checks)


def settle(check: Check, settings: Config, selection: Selection) -> Check:
    """Fails on open findings that are grave enough; a deviation when all that is left is known, suppressed or lesser.

    A check that failed without findings, as a paper does by its rows, stays failed.
    """
    if check.verdict is not Verdict.FAIL or not check.findings:
        return check
    left = tuple(finding for finding in check.findings if selection.keeps(check, finding))
    opened = [finding for finding in left if finding.state is State.OPEN]
    least = gate_of(settings)
    failing = [finding for finding in opened if finding.severity.rank <= least.rank]
    parts = [
        (sum(finding.state is State.KNOWN for finding in left), "known from the baseline"),
        (sum(finding.state is State.SUPPRESSED for finding in left), "suppressed with a reason"),
        (len(opened) - len(failing), f"less grave than {least}"),
        (len(check.findings) - len(left), "of rules that were not asked for"),
    ]
    words = [f"{number} {text}" for number, text in parts if number]
    verdict = Verdict.FAIL if failing else Verdict.DEVIATION if left else Verdict.PASS
    message = f"{counted(len(failing), 'finding')} fail{'' if len(failing) > 1 else 's'} the gate"
    return replace(
        check, verdict=verdict, findings=left, message="; ".join((message, *words)) if words else check.message
    )


def gate_of(settings: Config) -> Severity:
    """The least grave findings that fail: --fail-on, and without it what --severity leaves to be seen."""
    if "fail_on" in settings.model_fields_set:
        return settings.fail_on
    return min(settings.fail_on, settings.severity, key=lambda severity: severity.rank)


def without_lesser(checks: Sequence[Check], severity: Severity) -> tuple[Check, ...]:
    """Without the findings that --severity leaves out; their number stays in the check's message."""
    return tuple(
        replace(check, findings=tuple(item for item in check.findings if item.severity.rank <= severity.rank))
        for check in checks
    )


def conditions(settings: Config) -> list[str]:
    """What narrowed this run, in words for the report."""
    said = []
    if settings.select:
        said.append(f"only {', '.join(settings.select)}")
    if settings.ignore:
        said.append(f"without {', '.join(settings.ignore)}")
    if settings.severity is not Severity.MINOR:
        said.append(f"findings less grave than {settings.severity} are left out (the score counts them)")
    if settings.fail_on is not Severity.MINOR or settings.severity is not Severity.MINOR:
        least = gate_of(settings)
        said.append(f"the gate fails on {least} findings{' and graver ones' if least.rank else ' only'}")
    if settings.baseline:
        said.append(f"findings in {Path(settings.baseline).name} are known")
    if not settings.comments:
        said.append("comments that suppress findings are not heeded")
    return said
