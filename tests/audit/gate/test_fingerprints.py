import json

from hypothesis import given
from hypothesis import strategies as st

from audit import engine
from audit.gate import fingerprints
from audit.model import Check, Confidence, Finding, Location, Severity, Verdict

BODY = "import sys\n\n\ndef f():\n    pass\n\n\ndef g():\n    pass\n\n\nprint(sys.argv)\n"


def prints(folder, rule="stubs.function"):
    return [item.fingerprint for item in engine.audit_tree(folder, ["stubs"]).report.findings if item.rule == rule]


def finding(line, excerpt="", message="m", rule="r.x", path="a.py", cell=None):
    place = Location(path, line, cell)
    return Finding(rule, "r", Severity.MINOR, Confidence.HIGH, place, message, "risk", "fix", excerpt)


def stamps(*findings):
    (check,) = fingerprints.stamped([Check("r", "R", Verdict.FAIL, "", findings)])
    return [item.fingerprint for item in check.findings]


def test_lines_that_move_keep_their_fingerprints(tmp_path):
    (tmp_path / "a.py").write_text(BODY)
    before = prints(tmp_path)
    (tmp_path / "a.py").write_text("# one\n# two\n" + BODY.replace("def g():", "# three\n\ndef  g():"))
    assert prints(tmp_path) == before
    assert len(set(before)) == 2


def test_cells_that_move_keep_their_fingerprints(tmp_path):
    cell = {"cell_type": "code", "outputs": [], "source": "def f():\n    pass"}
    for cells, name in (([cell], "one"), ([{**cell, "source": "x = 1"}, cell], "two")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "n.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert prints(tmp_path / "one") == prints(tmp_path / "two") != []


def test_another_rule_path_or_content_is_another_finding():
    different = stamps(finding(1, "x"), finding(2, "y"), finding(3, "x", rule="r.y"), finding(4, "x", path="b.py"))
    assert len(set(different)) == 4


def test_equal_lines_are_told_apart_by_their_order_and_tools_that_agree_are_one():
    first, second = stamps(finding(1, "x"), finding(9, "x"))
    assert first != second
    assert stamps(finding(9, "x"), finding(1, "x")) == [second, first]
    one, other = fingerprints.stamped(
        [Check("a", "A", Verdict.FAIL, "", (finding(1, "x"),)), Check("b", "B", Verdict.FAIL, "", (finding(1, "x"),))]
    )
    assert one.findings[0].fingerprint == other.findings[0].fingerprint


def test_line_numbers_in_a_message_do_not_count():
    before, after = finding(1, message="as in b.py:12 and line 7"), finding(5, message="as in b.py:3 and line 9")
    assert stamps(before) == stamps(after)
    assert stamps(finding(1, message="12 bins")) != stamps(finding(1, message="13 bins"))


@given(st.dictionaries(st.integers(1, 50), st.sampled_from("xyz")), st.integers(1, 99))
def test_moving_everything_down_changes_nothing(places, by):
    original = [finding(line, text) for line, text in places.items()]
    moved = [finding(line + by, text) for line, text in places.items()]
    assert stamps(*original) == stamps(*moved)
    assert len(set(stamps(*original))) == len(places)
