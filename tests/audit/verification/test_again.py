from dataclasses import asdict

from audit.model import Check, Evidence, Report, Row, Verdict
from audit.verification.again import compared


def paper(value, verdict=Verdict.PASS):
    row = Row("sigma", "σ", "σ", "4", verdict, Evidence("probe", measured=value))
    return Check("paper.x", "X", verdict, "m", rows=(row,))


def content(*checks):
    return {"checks": [asdict(check) for check in checks]}


def test_a_parameter_that_measures_otherwise_is_named():
    assert compared(content(paper(5.0)), Report("x", "project", (paper(5.0),)), ()).verdict is Verdict.PASS
    result = compared(content(paper(5.0)), Report("x", "project", (paper(4.0),)), {"a.py"})
    assert result.verdict is Verdict.FAIL
    assert "paper.x: sigma was 5.0 (pass), is 4.0 (pass)" in result.notes
    assert any("inputs have changed" in note for note in result.notes)


def test_a_figure_that_changed_under_the_same_verdict_is_named():
    def coverage(percent, version="7.1"):
        proof = Evidence("read coverage.json", measured=percent, versions=(("coverage", version),))
        return Check("coverage.x", "X", Verdict.PASS, "m", evidence=(proof,))

    result = compared(content(coverage(96.0)), Report("x", "project", (coverage(91.0, "7.2"),)), ())
    assert result.verdict is Verdict.FAIL
    assert "coverage.x: measured 96.0, measures 91.0" in result.notes
    assert "other versions than then: coverage 7.1 → 7.2" in result.notes


def test_parameters_that_come_and_go():
    bare = Check("paper.x", "X", Verdict.PASS, "m")
    gone = compared(content(paper(5.0)), Report("x", "project", (bare,)), ())
    new = compared(content(bare), Report("x", "project", (paper(5.0),)), ())
    assert "paper.x: sigma is no longer measured" in gone.notes
    assert "paper.x: sigma is new" in new.notes


def test_nothing_run_again_is_no_pass():
    result = compared(content(paper(5.0)), Report("x", "project", ()), ())
    assert result.verdict is Verdict.FAIL
    assert "not run again (there is no such check any more): paper.x" in result.notes


def test_why_a_check_was_not_run_again_is_said():
    checks = [Check(name, "X", verdict, "m") for name, verdict in (
        ("memory.growth", Verdict.PASS), ("tests.run", Verdict.NOT_RUN), ("suppressions", Verdict.PASS),
    )]  # fmt: skip
    notes = compared(content(*checks), Report("x", "project", ()), (), ("memory",)).notes
    assert notes == (
        "not run again (slow: --all runs it): memory.growth",
        "not run again (follows from the others): suppressions",
        "not run again (did not run then): tests.run",
    )
