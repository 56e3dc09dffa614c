from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from audit.gate.score import score, score_check
from audit.model import Check, Confidence, Evidence, Finding, Location, Row, Severity, State, Verdict
from audit.scores import HALF

FAMILIES = ("stubs", "paths", "secrets")


def finding(family, line, severity, state=State.OPEN):
    place = Location("a.py", line)
    return Finding(f"{family}.x", family, severity, Confidence.HIGH, place, "m", "risk", "fix", state=state)


def check(name, findings, verdict=None):
    return Check(name, name, verdict or (Verdict.FAIL if findings else Verdict.PASS), "", tuple(findings))


@st.composite
def audits(draw):
    """Checks of three families with a few findings each, in any state but suppressed."""
    checks = []
    for family in FAMILIES:
        states = st.sampled_from([State.OPEN, State.KNOWN])
        drawn = draw(st.lists(st.tuples(st.sampled_from(Severity), states), max_size=12))
        checks.append(
            check(family, [finding(family, line, severity, state) for line, (severity, state) in enumerate(drawn, 1)])
        )
    return checks


@given(audits(), st.data())
def test_mending_any_finding_raises_it(checks, data):
    places = [(number, index) for number, item in enumerate(checks) for index in range(len(item.findings))]
    if not places:
        assert score(checks).value == 100
        return
    number, index = data.draw(st.sampled_from(places))
    left = checks[number].findings[:index] + checks[number].findings[index + 1 :]
    mended = [*checks[:number], check(checks[number].id, left), *checks[number + 1 :]]
    assert score(mended).value > score(checks).value


@given(audits(), st.sampled_from(FAMILIES), st.sampled_from(Severity))
def test_one_more_finding_lowers_it(checks, family, severity):
    worse = [
        check(item.id, [*item.findings, finding(family, 999, severity)]) if item.id == family else item
        for item in checks
    ]  # fmt: skip
    assert 0 < score(worse).value < score(checks).value


@given(audits())
def test_it_is_capped_by_the_weakest_family(checks):
    result = score(checks)
    values = {item.family: item.value for item in result.families}
    assert result.value <= min(values.values()) == values[result.weakest]


@given(audits(), st.sampled_from([Verdict.NOT_RUN, Verdict.UNKNOWN, Verdict.ERROR, Verdict.NOT_APPLICABLE]))
def test_what_came_to_no_result_does_not_count(checks, verdict):
    absent = Check("other", "other", verdict, "")
    result = score([*checks, absent])
    assert result.value == score(checks).value
    assert result.not_counted == (() if verdict is Verdict.NOT_APPLICABLE else ("other",))


def test_nothing_is_no_score():
    assert score([]) is None
    assert score([Check("a", "A", Verdict.NOT_RUN, "")]) is None


def test_the_documented_example():
    result = score([check("stubs", [finding("stubs", line, Severity.CRITICAL) for line in (1, 2)]), check("paths", [])])
    assert [item.points for item in result.families] == [HALF, 0]
    assert [item.value for item in result.families] == [50, 100]
    assert result.value == 50 * 75 / 100


def test_suppressed_findings_do_not_count_and_known_ones_do():
    grave = finding("stubs", 1, Severity.MAJOR)
    suppressed = check("stubs", [replace(grave, state=State.SUPPRESSED)], Verdict.DEVIATION)
    known = check("stubs", [replace(grave, state=State.KNOWN)], Verdict.DEVIATION)
    assert score([suppressed]).value == 100
    assert score([known]).value == score([check("stubs", [grave])]).value < 100


def test_what_two_tools_say_of_one_place_costs_once():
    twice = [check(f"lint.{tool}", [finding("lint", 1, Severity.MINOR)]) for tool in ("ruff", "flake8")]
    assert score(twice).families[0].points == 1


def test_a_measured_failure_and_each_wrong_parameter_cost_like_a_critical_finding():
    failed = Check("tests.run", "t", Verdict.FAIL, "")
    rows = tuple(Row(str(n), "n", "s", "e", verdict, Evidence("c")) for n, verdict in enumerate(
        [Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.UNKNOWN]
    ))  # fmt: skip
    paper = Check("paper.p", "p", Verdict.FAIL, "", rows=rows)
    assert [item.points for item in score([failed, paper]).families] == [10, 20]


def test_the_gate_on_it():
    result = score([check("stubs", [finding("stubs", 1, Severity.MAJOR)])])
    assert score_check(result, 50).verdict is Verdict.PASS
    assert score_check(result, 99).verdict is Verdict.FAIL
    assert "stubs" in score_check(result, 99).message
    assert score_check(None, 0).verdict is Verdict.NOT_RUN
