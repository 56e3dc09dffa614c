import gc
import json
import os
import signal
from dataclasses import replace

import pytest

from audit import engine, lookup, plans
from audit.errors import NotRunError
from audit.lookup import ANSWERS, prefetch
from audit.model import Confidence, Location, Verdict, found
from audit.rules import FAMILIES
from audit.rules.family import Family
from audit.store import Store
from audit.target import open_target

NAMES = [family.name for family in FAMILIES]
RULES = ("syntax.unparsable", "handling.swallow")
TOKEN = "ghp_" + "a1B2" * 9  # has the form of a token and opens nothing


def tree(folder, files=3):
    for number in range(files):
        path = "/home/bob/data"
        text = f"try:\n    x = {number}\nexcept Exception:\n    pass\nDATA = {path!r}\n"
        (folder / f"m{number:03}.py").write_text(text)
    return folder


def answers(root, store=None, steps=None):
    target = open_target(root)
    prefetch(target, NAMES, store, lambda done, total: steps.append((done, total)) if steps is not None else None)
    return {name: answer.findings for name, answer in target.derived[ANSWERS].items()}


def test_by_processes_one_by_one_and_from_the_store_the_same_is_found(tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    root = tree(tmp_path / "t", 40)
    here = answers(root)
    monkeypatch.setattr(lookup, "FEW", 10)
    store, steps = Store(tmp_path / "cache"), []
    apart = answers(root, store, steps)
    monkeypatch.setattr(lookup, "worked_out", lambda *_: iter(()))
    assert here == apart == answers(root, store)
    assert len(here["handling"]) == len(here["paths"]) == 40
    assert steps[0] == (0, 40)
    assert steps[-1] == (40, 40)


def test_one_changed_file_is_looked_at_again_and_the_others_are_not(tmp_path, monkeypatch):
    root = tree(tmp_path)
    store = Store(tmp_path.parent / f"{tmp_path.name}-cache")
    answers(root, store)
    (root / "m001.py").write_text("x = 1\n")
    looked = []
    real = lookup.of_files
    monkeypatch.setattr(lookup, "of_files", lambda root, files, names: looked.extend(files) or real(root, files, names))
    found = answers(root, store)
    assert looked == ["m001.py"]
    assert {item.location.path for item in found["handling"]} == {"m000.py", "m002.py"}


def test_a_family_that_compares_files_says_the_same_of_drafts_and_keeps_them_file_by_file(tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    root = tree(tmp_path / "t", 12)
    body = "def load(rows):\n    kept = []\n" + "".join(f"    kept.append(rows[{n}] + {n})\n" for n in range(6))
    for name in ("a.py", "b.py"):
        (root / name).write_text(f"{body}    return kept\n")
    (whole,) = (family for family in FAMILIES if family.name == "duplication")
    expected = tuple(whole.find(open_target(root)))
    assert [(item.location.path, item.location.line) for item in expected] == [("a.py", 1)]
    monkeypatch.setattr(lookup, "FEW", 10)
    store = Store(tmp_path / "cache")
    assert answers(root, store)["duplication"] == answers(root, store)["duplication"] == expected
    (root / "b.py").write_text("x = 1\n")
    assert answers(root, store)["duplication"] == ()


def test_a_family_that_breaks_over_drafts_ends_no_other(tmp_path, monkeypatch):
    def broken(_):
        raise ValueError("no")

    planted = (Family("first", "A", FAMILIES[0].rules, broken, draft=lambda _: (), settle=broken), FAMILIES[0])
    monkeypatch.setattr(lookup, "families", lambda: planted)
    target = open_target(tree(tmp_path))
    prefetch(target, ["first", "syntax"], None, lambda *_: None)
    with pytest.raises(lookup.BrokenRuleError, match="ValueError: no"):
        lookup.findings(planted[0], target)
    assert lookup.findings(planted[1], target) == ()


@pytest.mark.parametrize("rest", ["", "x = 1\ny = 2\nuse(x\nz = 3\n"])  # the other is read in part
def test_no_credential_is_quoted_or_kept_whichever_family_quotes_its_line(tmp_path, rest):
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.py").write_text(f"load('/home/bob/data', '{TOKEN}')  # TODO\n{rest}")
    store = Store(tmp_path / "cache")
    found = answers(root, store)
    assert found["paths"]
    assert found["secrets"]
    assert found["stubs"]
    said = repr(found) + "".join(place.read_text() for place in store.folder.rglob("*.json"))
    assert TOKEN[:5] not in said
    report = engine.audit_tree(root, select=("paths",)).report
    assert report.findings
    assert TOKEN[:5] not in repr(report.findings)


def test_entries_of_another_shape_are_misses(tmp_path):
    (tmp_path / "t").mkdir()
    root = tree(tmp_path / "t")
    store = Store(tmp_path / "cache")
    first = answers(root, store)
    for place in list(store.folder.rglob("*.json")):
        store.put(place.parent.name + place.stem, {"handling": [["no.rule", 1]], "stubs": 3})
    assert answers(root, store) == first


@pytest.mark.parametrize("few", [0, 100])
def test_a_family_that_breaks_ends_no_other(tmp_path, monkeypatch, few):
    def broken(_):
        raise ValueError("no")

    def absent(_):
        raise NotRunError("not here", "install it")

    rules = FAMILIES[0].rules
    planted = (
        Family("first", "A", rules, broken, reads_text=True, per_file=True),
        Family("second", "B", rules, absent, reads_text=True),
        FAMILIES[0],
    )
    monkeypatch.setattr(lookup, "families", lambda: planted)
    monkeypatch.setattr(lookup, "FEW", few)
    target = open_target(tree(tmp_path))
    prefetch(target, ["first", "second", "syntax"], Store(tmp_path.parent / "c"), lambda *_: None)
    with pytest.raises(lookup.BrokenRuleError, match="ValueError: no"):
        lookup.findings(planted[0], target)
    with pytest.raises(NotRunError, match="not here"):
        lookup.findings(planted[1], target)
    assert lookup.findings(planted[2], target) == ()


def test_the_collector_is_on_again_afterwards(tmp_path):
    assert gc.isenabled()
    answers(tree(tmp_path))
    assert gc.isenabled()


def killer(name, *, per_file):
    """A family that has its process killed, as the kernel does for want of memory, when it sees a file's name."""
    here = os.getpid()

    def find(target):
        if any(path in target.files for path in ("m007.py", "m039.py")):
            assert os.getpid() != here, "in a process of its own"
            os.kill(os.getpid(), signal.SIGKILL)
        return ()

    return Family(name, name, FAMILIES[0].rules, find, reads_text=True, per_file=per_file)


def families_of(monkeypatch, *names, extra=()):
    chosen = (*(family for family in FAMILIES if family.name in names), *extra)
    monkeypatch.setattr(lookup, "families", lambda: chosen)
    monkeypatch.setattr(plans, "families", lambda: chosen)
    monkeypatch.setattr(lookup, "FEW", 10)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


def test_a_file_that_has_its_process_killed_costs_only_itself(tmp_path, monkeypatch):
    families_of(monkeypatch, "syntax", "handling", extra=[killer("killer", per_file=True)])
    store = Store(tmp_path / "cache")
    (tmp_path / "t").mkdir()
    root = tree(tmp_path / "t", 40)
    for _ in range(2):  # what was not looked at is not remembered either
        audit = engine.audit_tree(root, store=store)
        by_rule = {rule: [item for item in audit.report.findings if item.rule == rule] for rule in RULES}
        assert [item.location.path for item in by_rule["syntax.unparsable"]] == ["m007.py", "m039.py"]
        assert {item.message for item in by_rule["syntax.unparsable"]} == {f"not looked at: {lookup.KILLED}"}
        assert len(by_rule["handling.swallow"]) == 38
        assert [item.what for item in audit.report.not_checked if item.why == lookup.KILLED] == ["m007.py", "m039.py"]
        assert engine.exit_code(audit.report) is engine.Exit.GATE_FAILED


def test_much_code_in_few_files_is_parsed_by_another_process(tmp_path, monkeypatch):
    families_of(monkeypatch, "syntax", extra=[killer("killer", per_file=True)])
    monkeypatch.setattr(lookup, "FEW", 100)
    root = tree(tmp_path, 10)
    (root / "m007.py").write_text("x = 1\n" * 800_000)
    report = engine.audit_tree(root).report
    assert [item.what for item in report.not_checked if item.why == lookup.KILLED] == ["m007.py"]


def test_a_family_of_the_whole_tree_whose_process_is_killed_did_not_run_and_the_others_did(tmp_path, monkeypatch):
    families_of(monkeypatch, "syntax", "imports", "stubs", extra=[killer("killer", per_file=False)])
    report = engine.audit_tree(tree(tmp_path, 40)).report
    verdicts = {check.id: check.verdict for check in report.checks}
    passed = Verdict.PASS
    assert verdicts == {"syntax": passed, "imports": passed, "stubs": passed, "killer": Verdict.NOT_RUN}
    assert next(check.message for check in report.checks if check.id == "killer") == lookup.KILLED
    assert engine.exit_code(report) is engine.Exit.GATE_FAILED


def test_a_file_that_kills_is_kept_from_the_families_that_see_the_whole_tree(tmp_path, monkeypatch):
    both = [killer("one", per_file=True), killer("all", per_file=False)]
    families_of(monkeypatch, "imports", extra=both)
    report = engine.audit_tree(tree(tmp_path, 40)).report
    assert {check.id for check in report.checks if check.verdict is Verdict.PASS} == {"imports", "one", "all"}
    assert [item.what for item in report.not_checked if item.why == lookup.KILLED] == ["m007.py", "m039.py"]


def test_what_a_finding_says_of_its_own_is_kept():
    unchecked = next(rule for family in FAMILIES for rule in family.rules if rule.id == "handling.unchecked")
    sure = found(unchecked, Location("a.py", 3), "m", "e")
    for finding in (sure, replace(sure, confidence=Confidence.LOW)):
        kept = {"handling": [lookup.as_json(finding)]}
        assert lookup.restored(json.loads(json.dumps(kept)), ["handling"])["handling"].findings == (finding,)
