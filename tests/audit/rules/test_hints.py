"""The lines that hold a hint, against looking at each line."""

from hypothesis import given
from hypothesis import strategies as st

from audit.rules.hints import hinted

HINTS = ("key", "a b", "\u0131x")
PIECES = st.sampled_from(["key", "KEY", "a b", "a", " b", "\u0130x", "\u0131x", "", "\u00df", "words"])


@given(st.lists(st.lists(PIECES).map("".join)))
def test_the_numbers_are_those_of_the_lines_that_hold_one(lines):
    obvious = [number for number, line in enumerate(lines, 1) if any(hint in line.lower() for hint in HINTS)]
    assert hinted(lines, HINTS) == obvious


def test_two_hints_of_one_line_are_one_line():
    assert hinted(["", "a b key key", "x"], HINTS) == [2]
