import textwrap

import pytest

CODE = '''
"""A little arithmetic."""


def mean(values):
    return sum(values) / len(values)


class Line:
    def at(self, x, slope, offset):
        return multiply(slope, x) + offset


def multiply(slope, x):
    return slope * x**2
'''
TESTS = """
from thing.maths import Line, mean


def test_mean():
    assert mean([1, 2, 6]) == 3


def test_line():
    assert Line().at(2, 3, 1) == 13


def test_nothing():
    assert mean([4]) == 4
"""
LIST = """
[[mutants]]
id = "mean-of-one-more"
title = "divided by one more"
file = "thing/maths.py"
text = "len(values)"
replacement = "(len(values) + 1)"
check = "test:tests/test_maths.py::test_mean"
tests = ["tests/test_maths.py::test_nothing"]

[[mutants]]
id = "line-swapped"
title = "slope and x swapped"
file = "thing/maths.py"
operation = "swap"
function = "Line.at"
call = "multiply"
check = "test:tests/test_maths.py::test_line"
"""
SETTINGS = """
[project]
name = "thing"
[tool.audit.mutants]
files = ["mutants.toml"]
copies = ["thing"]
support = ["tests", "pyproject.toml"]
preload = ["pytest", "not_installed_anywhere"]
report = "out/mutants.json"
"""
WEAK = """
[[mutants]]
id = "mean-is-sum"
title = "not divided"
file = "thing/maths.py"
operation = "return"
function = "mean"
replacement = "sum(values)"
check = "test:tests/test_maths.py::test_nothing"
"""


@pytest.fixture
def project(tmp_path):
    """A project of another kind, with two mutants that its tests catch."""
    files = {"thing/__init__.py": "", "thing/maths.py": CODE, "tests/test_maths.py": TESTS, "mutants.toml": LIST}
    for path, text in (files | {"pyproject.toml": SETTINGS}).items():
        place = tmp_path / "project" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text), encoding="utf-8")
    return tmp_path / "project"


@pytest.fixture
def weak():
    """A mutant that its responsible test does not notice."""
    return WEAK
