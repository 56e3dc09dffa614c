import gc

import pytest

from audit import engine, lookup
from audit.errors import NotRunError
from audit.lookup import ANSWERS, prefetch
from audit.rules import FAMILIES
from audit.rules.family import Family
from audit.store import Store
from audit.target import open_target

NAMES = [family.name for family in FAMILIES]
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


def test_no_credential_is_quoted_or_kept_whichever_family_quotes_its_line(tmp_path):
    root = tmp_path / "t"
    root.mkdir()
    (root / "a.py").write_text(f"load('/home/bob/data', '{TOKEN}')  # TODO\n")
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
