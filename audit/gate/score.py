"""One number for a tree. It moves with every fix, and no strong family hides a weak one.

A finding costs 10, 3 or 1 points by its severity (`Severity.points`); so does a failed check that has no findings
(10), and each parameter of a paper that came out wrong (10). A family with p points has 100 · K / (K + p), K = 20:
100 without a finding, halved by two critical ones, never 0, and less with every finding. The score is

    weakest family × mean of all families / 100,

so it is never above the weakest family, and a fix anywhere raises it. What came to no result (not run, unknown, not
applicable, broke down) has no part in it and is named beside it. Findings known from a baseline count; suppressed ones,
which carry a reason, do not.
"""

from collections.abc import Iterable, Sequence

from audit.model import Check, Evidence, Finding, Location, Severity, State, Verdict
from audit.scores import HALF, FamilyScore, Score

WITHOUT_FINDINGS = Severity.CRITICAL.points  # a measured failure: a test, a share of covered lines, a parameter
COUNTED = (Verdict.PASS, Verdict.FAIL, Verdict.DEVIATION)


def score(checks: Sequence[Check]) -> Score | None:
    """The score of what ran; None where nothing came to a result."""
    counted = [check for check in checks if counts(check)]
    names = dict.fromkeys(family(check) for check in counted)
    families = tuple(family_score(name, [check for check in counted if family(check) == name]) for name in names)
    if not families:
        return None
    weakest = min(families, key=lambda item: item.value)
    mean = sum(item.value for item in families) / len(families)
    absent = tuple(check.id for check in checks if check not in counted and check.verdict is not Verdict.NOT_APPLICABLE)
    return Score(weakest.value * mean / 100, weakest.family, families, absent)


def counts(check: Check) -> bool:
    """Whether a check came to a result: of its own, or in one of its rows."""
    return check.verdict in COUNTED or any(row.verdict in COUNTED for row in check.rows)


def family(check: Check) -> str:
    """`lint` of `lint.ruff`."""
    return check.id.split(".")[0]


def family_score(name: str, checks: Iterable[Check]) -> FamilyScore:
    """What the checks of one family cost together; what two tools say of one place under one id costs once."""
    found: dict[tuple[str, Location], Finding] = {}
    wrong = 0
    for check in checks:
        found |= {(item.rule, item.location): item for item in check.findings}
        rows = sum(row.verdict is Verdict.FAIL for row in check.rows)
        wrong += rows or (check.verdict is Verdict.FAIL and not check.findings)
    charged = [finding for finding in found.values() if finding.state is not State.SUPPRESSED]
    points = sum(finding.severity.points for finding in charged) + WITHOUT_FINDINGS * wrong
    return FamilyScore(name, 100 * HALF / (HALF + points), points, len(charged) + wrong)


def score_check(result: Score | None, least: float) -> Check:
    """`--fail-under`: whether the score is high enough. No score is no pass."""
    title = f"The score is at least {least:g}"
    if result is None:
        remedy = "select a check that applies to this tree"
        return Check("score", title, Verdict.NOT_RUN, "nothing came to a result, so there is no score", remedy=remedy)
    verdict = Verdict.PASS if result.value >= least else Verdict.FAIL
    message = f"{result.value:.1f}, held down most by {result.weakest}"
    proof = Evidence("audit.gate.score", measured=round(result.value, 4), expected=least, unit="of 100")
    remedy = f"mend what {result.weakest} found" if verdict is Verdict.FAIL else ""
    return Check("score", title, verdict, message, evidence=(proof,), remedy=remedy)
