import json
import os

import pytest

from audit.config import parse
from audit.errors import NotRunError
from audit.model import Verdict
from audit.target import open_target
from audit.tools import evidence

CONFIG = parse({"evidence": {"junit": "junit.xml", "coverage": "coverage.json"}, "coverage": {"threshold": 90}})
PASSED = '<testcase classname="a" name="x"/>'
FAILED = '<testcase classname="a" name="y"><failure message="no"/></testcase>'
BROKEN = '<testcase classname="a" name="z"><error message="no"/></testcase>'
SKIPPED = '<testcase classname="a" name="s"><skipped message="no GPU"/></testcase>'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text("x = 1\n")
    (tmp_path / "lib" / "__init__.py").write_text("")
    return tmp_path


def junit(project, *cases):
    (project / "junit.xml").write_text(f'<testsuites><testsuite tests="99">{"".join(cases)}</testsuite></testsuites>')
    return evidence.tests_check(open_target(project), CONFIG)


def coverage(project, package="lib", **files):
    summaries = {
        name.replace("__", "/") + ".py": {
            "summary": {"num_statements": all_, "covered_lines": hit, "num_branches": 10, "covered_branches": 10}
        }
        for name, (hit, all_) in files.items()
    }
    (project / "coverage.json").write_text(json.dumps({"files": summaries}))
    return evidence.coverage_check(open_target(project), CONFIG, package)


@pytest.mark.parametrize(
    ("cases", "verdict", "message"),
    [
        ([PASSED], Verdict.PASS, "1 passed, 0 failed, 0 skipped"),
        ([PASSED, SKIPPED], Verdict.PASS, "1 passed, 0 failed, 1 skipped"),
        ([PASSED, FAILED], Verdict.FAIL, "1 passed, 1 failed, 0 skipped"),
        ([PASSED, BROKEN], Verdict.FAIL, "1 passed, 1 failed, 0 skipped"),
        ([SKIPPED], Verdict.FAIL, "0 passed, 0 failed, 1 skipped"),
        ([], Verdict.FAIL, "no test was collected"),
    ],
)
def test_test_cases_are_counted_one_by_one(project, cases, verdict, message):
    check = junit(project, *cases)
    assert check.verdict is verdict
    assert check.message == message


def test_skipped_and_failed_tests_are_named(project):
    assert junit(project, FAILED, SKIPPED).notes == ("failed: a::y", "skipped: a::s (no GPU)")


def test_missing_evidence_is_not_run(project):
    with pytest.raises(NotRunError, match=r"junit\.xml is missing or older") as caught:
        evidence.tests_check(open_target(project), CONFIG)
    assert caught.value.remedy == "run `make test`"


def test_evidence_older_than_any_python_file_is_not_run(project):
    junit(project, PASSED)
    later = (project / "junit.xml").stat().st_mtime + 10
    os.utime(project / "lib" / "a.py", (later, later))
    with pytest.raises(NotRunError, match="older than the code"):
        evidence.tests_check(open_target(project), CONFIG)


def test_a_newer_document_does_not_make_evidence_stale(project):
    junit(project, PASSED)
    (project / "README.md").write_text("new")
    later = (project / "junit.xml").stat().st_mtime + 10
    os.utime(project / "README.md", (later, later))
    assert evidence.tests_check(open_target(project), CONFIG).verdict is Verdict.PASS


def test_broken_evidence_is_not_run(project):
    (project / "junit.xml").write_text("<testsuites>")
    with pytest.raises(NotRunError, match="is no XML"):
        evidence.tests_check(open_target(project), CONFIG)
    for text in ("{", "[]", "{}", '{"files": {"a.py": {}}}'):
        (project / "coverage.json").write_text(text)
        with pytest.raises(NotRunError, match="not coverage's JSON"):
            evidence.coverage_check(open_target(project), CONFIG, "lib")


def test_coverage_counts_statements_and_branches_of_one_package(project):
    check = coverage(project, lib__a=(80, 90), other__b=(0, 1000))
    assert check.verdict is Verdict.PASS
    assert check.evidence[0].measured == 90.0
    check = coverage(project, lib__a=(79, 90))
    assert check.verdict is Verdict.FAIL
    assert "89.00 % of lib" in check.message
    assert check.remedy


def test_coverage_is_not_rounded_up_to_the_threshold(project):
    assert coverage(project, lib__a=(89_989, 99_990)).verdict is Verdict.FAIL


def test_a_file_that_the_evidence_does_not_know_is_not_run(project):
    (project / "lib" / "new.py").write_text("y = 2\n")
    with pytest.raises(NotRunError, match=r"says nothing about lib/new\.py"):
        coverage(project, lib__a=(90, 90))


def test_a_package_without_statements_is_not_run(project):
    with pytest.raises(NotRunError, match="covers no statement of absent"):
        coverage(project, package="absent", lib__a=(1, 1))
