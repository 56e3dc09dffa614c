"""Programs in Python 2 become readable, each statement where it was."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.dialects import tree_of
from audit.python2 import translated

OLD = [
    'print "a", 1',
    'print"a # b" # c',
    "if x: print y; print -z",
    'print "%s" \\\n  % (\n  a, b)',
    "for a in b: print not a, [a], {a}, `a`",
    'exec "x = 1" in space',
    'exec "a in b"',
    'raise Error, "no %s" % name',
    "raise Error, name, trace",
    "try:\n    a\nexcept (A, B.c), error: pass\nexcept D, error:\n    pass\n",
    "x = 0777L <> 10L + 0xFFL + 017",
    "s = ur\"\\d\" + UR''",
    "def f(self, (a, b), (c), d=(1, 2)):\n    return a",
    "def f(a, b=max(1, (2 + 3) * 4), d={(1, 2): 3, (3, 4): 5}):\n    print a",
    "f = map(lambda (key, value): value, items)",
    "x.cuda(async=True)",
    "async = 3\nx = y.async",
    "if a:\n\tb\n        c\n",
]
NEITHER = ["raise E(a),", "print 'x", "def f(:", "x = = 1", "print x y", "print(", "else :\n    pass"]
CALLS = {
    "print >>err, a, b": "print(*(a, b), file=err)",
    "print >> err": "print(file=err)",
    "print >>err, a,": "print(*(a,), file=err)",
    "raise E, a, b": "E(a, b)",
    "exec a in b": "exec(a, b)",
}


PARTS = [
    *"a>,()'\"\n\t;`:\\# ",
    "print ",
    ">>",
    "exec ",
    " in ",
    "raise ",
    "def f(",
    "lambda (",
    "ur",
    "017L",
    "except A, b:",
]


@pytest.mark.parametrize("code", OLD)
def test_python_2_becomes_readable_and_lines_stay(code):
    with pytest.raises(SyntaxError):
        ast.parse(code)
    result = translated(code)
    assert result.count("\n") == code.count("\n")
    ast.parse(result)


@pytest.mark.parametrize("code", NEITHER)
def test_what_is_broken_stays_broken(code):
    with pytest.raises(SyntaxError):
        ast.parse(translated(code))


@pytest.mark.parametrize(("code", "call"), CALLS.items())
def test_statements_become_calls_of_the_same_values(code, call):
    tree = ast.parse(translated(code))
    assert next(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)) == call


def test_what_python_3_says_stays_as_it_is():
    code = "print(a), b\nraise E(a, b) from c\nx = 0o17 + 0.5 + 0\nprinted = exec_ = u'print x, 017L `y`'  # <> 1L\n"
    assert translated(code) == code


def test_defaults_keep_their_values():
    code = "def f((a, b), c=max(1, (2 + 3) * 4), d=(1, (2, 3))):\n    print a"
    function = ast.parse(translated(code)).body[0]
    assert ast.unparse(function.args) == "a, b, c=max(1, (2 + 3) * 4), d=(1, (2, 3))"


def test_names_that_became_words_are_names_again():
    code = "from net.async import run\nimport x.async\nrun(async=True).async.cuda()"
    tree, outdated = tree_of(code)
    assert ast.unparse(tree) == code
    assert outdated == ("invalid syntax", 1)


def test_a_string_that_holds_a_prefix_keeps_it():
    assert translated("print u\"ur'x'\"") == "print( u\"ur'x'\")"


@given(st.lists(st.sampled_from(PARTS), max_size=40))
def test_no_text_makes_it_fail_or_loses_a_line(parts):
    code = "".join(parts)
    assert translated(code).count("\n") == code.count("\n")
