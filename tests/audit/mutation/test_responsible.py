from pathlib import Path

import pytest

from audit.model import Verdict
from audit.mutation import responsible, spec, trial
from audit.rules import FAMILIES, stubs
from audit.rules.family import Family

PROJECT = Path(__file__).parents[3]
FOLDER = "tests/audit/mutation/mutants"
LISTS = sorted(f"{FOLDER}/{path.name}" for path in (PROJECT / FOLDER).glob("*.toml"))


def test_a_rule_is_asked_by_its_examples(monkeypatch):
    assert responsible.ask(PROJECT, "rule:stubs.function")["verdict"] == "pass"
    silent = Family(stubs.FAMILY.name, stubs.FAMILY.title, stubs.FAMILY.rules, lambda _: ())
    monkeypatch.setattr(responsible, "FAMILIES", (silent,))
    told = responsible.ask(PROJECT, "rule:stubs.function")
    assert told["verdict"] == "fail"
    assert "missed" in told["message"]


def test_a_parameter_is_measured_on_the_projects_subject(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.audit]\n[[tool.audit.papers.zhang2016]]\nname = "own"\nadapter = "own.py:Own"\n'
    )
    (tmp_path / "own.py").write_text("class Own:\n    def parameter_count(self):\n        return 7\n")
    told = responsible.answer(tmp_path, ["paper.zhang2016.own:network.parameters"], [])
    (row,) = told.values()
    assert row["verdict"] == "fail"
    assert "measured 7 weights" in row["message"]
    for wrong in ("paper.zhang2016.other:network.parameters", "paper.zhang2016.own:gone", "rule:gone"):
        assert responsible.ask(tmp_path, wrong)["verdict"] == "error"


def test_the_lists_of_this_project_apply_to_its_code_and_cover_it():
    mutants = spec.load(PROJECT, tuple(LISTS))
    assert len(mutants) >= 60
    assert set(trial.changed_texts(PROJECT, mutants)) == {mutant.id for mutant in mutants}
    files = {mutant.file for mutant in mutants}
    places = {family.find.__module__.replace(".", "/") + ".py" for family in FAMILIES}
    assert places <= files, "each family of rules is silenced once"
    asked = {mutant.check.partition(":")[2] for mutant in mutants if mutant.check.startswith("paper.zhang2016")}
    paper = {parameter.id for parameter in responsible.spec.load("zhang2016").parameters}
    assert paper <= asked, f"no mutant for {paper - asked}"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN, Verdict.ERROR, Verdict.NOT_RUN])
def test_only_the_expected_verdict_is_a_catch(verdict):
    mutant = spec.Mutant(id="m", title="t", file="a", text="a", replacement="b", check="rule:a")
    assert not trial.Outcome(verdict, "").caught(mutant)
    assert trial.Outcome(Verdict.FAIL, "").caught(mutant)
    assert not trial.Outcome(Verdict.FAIL, "", (("t", Verdict.ERROR),)).caught(mutant)
    assert trial.Outcome(Verdict.ERROR, "").caught(mutant.model_copy(update={"expect": "error"}))
