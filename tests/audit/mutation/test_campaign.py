import hashlib
import json

import pytest

from audit import config
from audit.errors import AuditError, NotRunError
from audit.model import Verdict
from audit.mutation import campaign


def settings(project):
    return config.load(project)[1].mutants


def tree(project):
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file()
    }


def test_mutants_are_caught_and_the_tree_is_left_as_it_was(project):
    before = tree(project)
    check = campaign.run(project, settings(project))
    assert check.verdict is Verdict.PASS, check.notes
    assert "2 of 2" in check.message
    after = tree(project)
    evidence = after.pop("out/mutants.json")
    assert after == before
    assert evidence
    assert campaign.gate(project, settings(project)).verdict is Verdict.PASS


def test_an_uncaught_mutant_fails_the_gate_and_is_named(project, weak):
    (project / "mutants.toml").write_text((project / "mutants.toml").read_text() + weak)
    check = campaign.run(project, settings(project))
    assert check.verdict is Verdict.FAIL
    assert "2 of 3" in check.message
    assert "mean-is-sum" in check.notes[0]
    assert campaign.gate(project, settings(project)).verdict is Verdict.FAIL


def test_a_test_that_does_not_notice_makes_it_uncaught(project):
    text = (project / "mutants.toml").read_text()
    (project / "mutants.toml").write_text(text.replace("::test_nothing", "::test_line"))
    check = campaign.run(project, settings(project), ("mean-of-one-more",))
    assert check.verdict is Verdict.FAIL
    assert "tests/test_maths.py::test_line does not fail" in check.notes[0]
    assert not (project / "out").exists(), "a part of the mutants is no evidence"


def test_code_that_fails_unchanged_proves_nothing(project):
    tests = project / "tests/test_maths.py"
    tests.write_text(tests.read_text().replace("== 13", "== 12"))
    check = campaign.run(project, settings(project))
    assert check.verdict is Verdict.FAIL
    assert "nothing was tried" in check.message
    assert "test_line" in check.notes[0]


def test_a_test_that_is_not_there_is_an_error_and_no_catch(project):
    text = (project / "mutants.toml").read_text()
    (project / "mutants.toml").write_text(text.replace("::test_mean", "::test_gone"))
    check = campaign.run(project, settings(project), ("mean-of-one-more",))
    assert check.verdict is Verdict.FAIL
    assert "test_gone" in check.notes[0]


def test_a_mutant_that_no_longer_applies_is_a_mistake_of_the_list(project):
    code = project / "thing/maths.py"
    code.write_text(code.read_text().replace("len(values)", "len(list(values))"))
    with pytest.raises(AuditError, match=r"mean-of-one-more in thing/maths\.py: its text stands there 0 times"):
        campaign.run(project, settings(project))


@pytest.mark.parametrize("path", ["thing/maths.py", "mutants.toml", "tests/test_maths.py"])
def test_evidence_about_other_code_is_not_run(project, path):
    with pytest.raises(NotRunError, match="missing or unreadable"):
        campaign.gate(project, settings(project))
    chosen = settings(project)
    content = {"code_sha256": campaign.evidence.code_hash(project, chosen, campaign.chosen(project, chosen, ()))}
    content |= {"format": 1, "unchanged": {"failing": []}, "total": 1, "mutants": [{"caught": True}]}
    (project / "out").mkdir()
    (project / "out/mutants.json").write_text(json.dumps(content))
    assert campaign.gate(project, chosen).verdict is Verdict.PASS
    (project / path).write_text((project / path).read_text() + "\n# more\n")
    with pytest.raises(NotRunError, match="about other code"):
        campaign.gate(project, chosen)


def test_evidence_of_no_mutant_is_no_pass():
    check = campaign.evidence.judged({"mutants": [], "total": 0, "unchanged": {"failing": []}})
    assert check.verdict is Verdict.FAIL
    assert "(0 %)" in check.message


def test_what_does_not_end_or_ends_the_process_is_an_error(project, monkeypatch):
    monkeypatch.setattr(campaign.trial, "SECONDS", 4)
    text = (project / "mutants.toml").read_text()
    endless = text.replace('replacement = "(len(values) + 1)"', 'replacement = "sum(iter(int, 1))"')
    (project / "mutants.toml").write_text(endless)
    check = campaign.run(project, settings(project), ("mean-of-one-more",))
    assert check.verdict is Verdict.FAIL
    assert "no answer within 4 s of processor time" in check.notes[0]


def test_code_that_changes_meanwhile_leaves_no_evidence(project, monkeypatch):
    def changing(*_):
        (project / "thing/maths.py").write_text("# other code\n")
        return {"test:tests/test_maths.py::test_mean": campaign.trial.Outcome(Verdict.FAIL, "")}

    monkeypatch.setattr(campaign.trial, "unchanged", changing)
    with pytest.raises(AuditError, match="changed while its mutants were tried"):
        campaign.run(project, settings(project))
    assert not (project / "out").exists()


def test_an_unknown_id_and_a_missing_file_are_usage(project):
    with pytest.raises(AuditError, match="no mutant is called nonsense"):
        campaign.run(project, settings(project), ("nonsense",))
    chosen = settings(project).model_copy(update={"copies": ("gone",)})
    with pytest.raises(AuditError, match="there is no gone to copy"):
        campaign.run(project, chosen)
