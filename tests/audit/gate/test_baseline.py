import json

import pytest

from audit import engine
from audit.config import Config, parse
from audit.errors import AuditError
from audit.gate import baseline
from audit.model import State, Verdict

TWO = "def f():\n    pass\n\n\ndef g():\n    pass\n"


def audited(folder, **table):
    table = {"select": ["stubs", "paths", "suppressions"], **table}  # the others start other programs
    return engine.audit_tree(folder, config=parse(table)).report


def written(folder, place):
    known = baseline.renewed(audited(folder), baseline.Baseline(), Config(), ())
    place.write_text(baseline.render(known), encoding="utf-8")
    return place


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.py").write_text(TWO)
    return folder


@pytest.fixture
def known(tree, tmp_path):
    return written(tree, tmp_path / "known.json")


def check(report, name):
    return next(check for check in report.checks if check.id == name)


def test_known_findings_are_marked_and_do_not_fail(tree, known):
    report = audited(tree, baseline=str(known))
    assert [item.state for item in report.findings] == [State.KNOWN, State.KNOWN]
    assert check(report, "stubs").verdict is Verdict.DEVIATION
    assert "2 known from the baseline" in check(report, "stubs").message
    assert check(report, "baseline").verdict is Verdict.PASS
    assert engine.exit_code(report) is engine.Exit.PASS


def test_a_new_finding_fails_and_moved_lines_do_not(tree, known):
    (tree / "a.py").write_text("# new\n\n" + TWO)
    assert engine.exit_code(audited(tree, baseline=str(known))) is engine.Exit.PASS
    (tree / "a.py").write_text(TWO + "\n\ndef h():\n    pass\n")
    report = audited(tree, baseline=str(known))
    assert [item.state for item in report.findings] == [State.KNOWN, State.KNOWN, State.OPEN]
    assert engine.exit_code(report) is engine.Exit.GATE_FAILED


def test_an_entry_that_matches_nothing_any_more_fails_and_is_named(tree, known):
    (tree / "a.py").write_text(TWO.replace("    pass\n\n", "    return 1\n\n"))
    report = audited(tree, baseline=str(known))
    gone = check(report, "baseline")
    assert gone.verdict is Verdict.FAIL
    assert gone.notes == ("gone: stubs.function in a.py: f() is only `pass`",)
    assert engine.exit_code(report) is engine.Exit.GATE_FAILED
    assert report.score.value > audited(tree).score.value - 1e-9


def test_entries_of_what_did_not_run_are_not_judged(tree, known):
    assert engine.exit_code(audited(tree, baseline=str(known), select=["paths"])) is engine.Exit.PASS
    assert engine.exit_code(audited(tree, baseline=str(known), severity="critical")) is engine.Exit.PASS


def test_suppressed_findings_do_not_stand_in_it(tree, tmp_path):
    (tree / "a.py").write_text(TWO.replace("f():", "f():  # audit: ignore[stubs] why"))
    entries = json.loads(written(tree, tmp_path / "b.json").read_text())["entries"]
    assert [entry["message"] for entry in entries] == ["g() is only `pass`"]


def test_the_same_findings_give_the_same_bytes(tree, known, tmp_path):
    assert written(tree, tmp_path / "again.json").read_bytes() == known.read_bytes()


def test_many_gone_entries_are_counted(tree, tmp_path):
    (tree / "a.py").write_text("\n\n".join(f"def f{n}():\n    pass\n" for n in range(30)))
    place = written(tree, tmp_path / "many.json")
    (tree / "a.py").write_text("x = 1\n")
    gone = check(audited(tree, baseline=str(place)), "baseline")
    assert gone.message == "30 of 30 entries match nothing any more"
    assert gone.notes[-1] == "… and 10 more"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory; write one with --write-baseline"),
        ("[]", "is no baseline of this version"),
        ('{"schema_version": 9, "entries": []}', "schema_version"),
        ('{"entries": [{"fingerprint": "x"}]}', "entries.0.rule"),
    ],
)
def test_what_is_no_baseline_is_one_sentence(tmp_path, content, words):
    place = tmp_path / "b.json"
    if content is not None:
        place.write_text(content)
    with pytest.raises(AuditError, match=words):
        baseline.read(place)


def test_bytes_that_are_no_text(tmp_path):
    place = tmp_path / "b.json"
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(AuditError, match="not UTF-8"):
        baseline.read(place)
