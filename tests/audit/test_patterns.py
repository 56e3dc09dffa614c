import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**", "a/b.py", True),
        ("data", "data/x/y.jpg", True),
        ("data", "lib/data/x.py", False),
        ("**/data", "lib/data/x.py", True),
        ("*.py", "a.py", True),
        ("*.py", "b/a.py", False),
        ("b/?.py", "b/a.py", True),
        ("a.b", "acb", False),
    ],
)
def test_globs(pattern, path, expected):
    assert Pattern(pattern).matches(path) is expected


SIGNS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@given(st.lists(st.sampled_from(("a", "b", "/", *SIGNS)), max_size=7), st.text("ab/", max_size=8))
def test_as_the_regular_expression_that_says_the_same(parts, path):
    pattern = "".join(parts).rstrip("/")
    split = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    regular = "".join(SIGNS.get(part) or re.escape(part) for part in split) + "(?:/.*)?"
    assert Pattern(pattern).matches(path) is (re.fullmatch(regular, path) is not None)


def test_a_pattern_of_a_hostile_tree_takes_no_time():
    begin = time.process_time()
    assert not Pattern("**/*a" * 40 + "b").matches("a/" * 60 + "a.py")
    assert time.process_time() - begin < 1
