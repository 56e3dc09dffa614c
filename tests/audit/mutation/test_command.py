from audit import config, engine
from audit.model import Verdict
from audit.mutation import campaign, evidence

NOTHING = {"mutants": [], "total": 0, "unchanged": {"failing": []}}


def test_exit_codes_of_a_catch_a_miss_and_a_typo(project, weak, monkeypatch, audit):
    monkeypatch.chdir(project)
    status, out, err = audit("mutants", "--only", "line-swapped")
    assert status == 0, out + err
    assert "1 of 1 mutants caught" in out
    (project / "mutants.toml").write_text((project / "mutants.toml").read_text() + weak)
    status, out, _ = audit("mutants", "--only", "mean-is-sum")
    assert status == 1
    assert "not caught: mean-is-sum" in out
    monkeypatch.setattr(campaign, "run", lambda *_: evidence.judged(NOTHING))
    assert audit("mutants", "--report-only")[0] == 0, "the gate reads the evidence later"
    assert audit("mutants")[0] == 1


def test_a_mutant_that_is_not_there_is_usage(project, monkeypatch, audit):
    monkeypatch.chdir(project)
    status, _, err = audit("mutants", "--only", "nonsense")
    assert status == 2
    assert "no mutant is called nonsense" in err


def test_a_project_without_a_list_is_told_so(tmp_path, monkeypatch, audit):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.audit]\n")
    status, _, err = audit("mutants")
    assert status == 2
    assert "names no list of mutants" in err


def test_the_gate_does_not_pass_without_fresh_evidence(project):
    name, settings = config.load(project)
    report = engine.audit_project(project, name, settings, select=["mutants"]).report
    (check,) = report.checks
    assert check.verdict is Verdict.NOT_RUN
    assert "python -m audit mutants" in check.remedy
    assert engine.exit_code(report) is engine.Exit.GATE_FAILED


def test_in_the_gate_a_missing_list_is_a_check_that_did_not_run(project):
    (project / "mutants.toml").unlink()
    name, settings = config.load(project)
    (check,) = engine.audit_project(project, name, settings, select=["mutants"]).report.checks
    assert check.verdict is Verdict.NOT_RUN
    assert "mutants.toml is missing" in check.message
