import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.model import (
    Check,
    Confidence,
    Finding,
    Location,
    Report,
    Severity,
    Verdict,
    matches,
    weakest,
)  # fmt: skip


def check(identifier: str, verdict: Verdict, *findings: Finding) -> Check:
    return Check(identifier, identifier, verdict, "", tuple(findings))


def finding(path: str, line: int, rule: str = "r.x", severity: Severity = Severity.MINOR, cell=None) -> Finding:
    return Finding(rule, "r", severity, Confidence.HIGH, Location(path, line, cell), "m", "risk", "fix")


def test_nothing_is_never_a_pass():
    assert weakest([]) is Verdict.NOT_RUN
    assert Report("x", "tree", ()).verdict is Verdict.NOT_RUN


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_weakest_leg_decides_in_any_order(verdicts):
    result = weakest(verdicts)
    assert result in verdicts
    assert all(result.weakness >= verdict.weakness for verdict in verdicts)
    assert weakest(reversed(verdicts)) is result


def test_only_measured_or_accepted_legs_pass():
    assert {verdict for verdict in Verdict if verdict.passes} == {
        Verdict.PASS, Verdict.DEVIATION, Verdict.NOT_APPLICABLE,
    }  # fmt: skip


def test_not_applicable_hides_nothing():
    assert weakest([Verdict.PASS, Verdict.NOT_APPLICABLE]) is Verdict.PASS


@pytest.mark.parametrize(
    ("verdict", "expected"), [(Verdict.PASS, Verdict.PASS), (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)]
)
def test_a_required_check_must_have_a_result(verdict, expected):
    assert Report("x", "project", (check("tests", verdict),), required=("tests",)).verdict is expected
    missing = Report("x", "project", (check("other", Verdict.PASS),), required=("tests",))
    assert missing.verdict is Verdict.NOT_RUN


def test_locations_are_written_as_the_contract_says():
    assert str(Location("a.py", 3)) == "a.py:3"
    assert str(Location("n.ipynb", 2, 0)) == "n.ipynb#cell=0:2"
    assert str(Location("a.py")) == "a.py"


def test_findings_come_gravest_first_and_each_once():
    twice = finding("b.py", 1)
    grave = finding("z.py", 9, severity=Severity.CRITICAL)
    report = Report("x", "tree", (check("one", Verdict.FAIL, twice), check("two", Verdict.FAIL, twice, grave)))
    assert report.findings == (grave, twice)


def test_a_name_selects_a_check_and_those_below_it():
    assert matches("coverage.audit", "coverage")
    assert matches("tests", "tests")
    assert not matches("coverages", "coverage")
