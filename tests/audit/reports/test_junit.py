from xml.etree import ElementTree as xml

import pytest

from audit.model import Check, Report, Verdict
from audit.reports import junit
from tests.audit.reports.samples import EMPTY, FULL


def suites(report):
    return {suite.get("name").split(": ")[0]: suite for suite in xml.fromstring(junit.render(report)).iter("testsuite")}


def test_the_numbers_add_up():
    root = xml.fromstring(junit.render(FULL))
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(root.get(name)) == len(list(root.iter(tag))) == sum(int(suite.get(name)) for suite in root)
    assert root.get("time") is None


def test_open_findings_fail_and_the_others_are_skipped_with_the_reason():
    (grave,) = suites(FULL)["secrets"]
    assert grave.get("file") == "folder with space/ä.py"
    assert grave.get("line") == "7"
    assert grave.find("failure").get("type") == "critical"
    assert "\x07" not in grave.find("failure").get("message")
    assert "<script>" in grave.find("failure").get("message")
    assert [case.find("skipped").get("message") for case in suites(FULL)["paths"]] == [
        "known: known from the baseline", "suppressed: the lab's own", "suppressed: the lab's own",
    ]  # fmt: skip


def test_rows_of_a_paper_are_cases():
    right, wrong = suites(FULL)["paper.p.s"]
    assert list(right) == []
    assert wrong.find("failure").get("message") == "K measured 10 bins, paper 5"


@pytest.mark.parametrize("verdict", Verdict)
def test_it_fails_exactly_when_the_gate_is_shut(verdict):
    report = Report("x", "tree", (Check("c", "C", verdict, "m", remedy="r"),))
    root = xml.fromstring(junit.render(report))
    assert (int(root.get("failures")) + int(root.get("errors")) == 0) == verdict.passes


def test_what_was_required_and_is_absent_is_an_error():
    assert suites(FULL)["absent"][0].find("error").get("message") == "required, and without a result"


def test_nothing_is_an_empty_document():
    assert xml.fromstring(junit.render(EMPTY)).get("tests") == "0"
