"""Programs for a newer Python are rewritten so that this one reads them, each line where it was."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import newer

NEW = [
    'f"{x["a"]}"',
    'f"{", ".join(names)} and {"\\n".join(y)}"',
    'f"a {f"{x!r:>{w}}"} {{}}"',
    "f'{x}\" {d[\"k\"]} {d['k']}'",
    'f"{\n  x\n}"',
    'f"{f"{f"{f"{q}"}"}"}"',
    'rf"\\d{x["a"]}\\s"',
    'f"""{ d["a"] + """b""" }"""',
    'def f[T: (int, "str")](x: T) -> T:\n    return x\n',
    "class A[T,\n  U](B):\n    pass\n",
    "async def g[**P](f): ...",
    "type X[T] = list[T]\ntype Y = int\n",
    "try:\n    pass\nexcept ValueError, errors.Other:\n    pass\n",
]
OLD = [
    'x = "type a = 1"  # def f[T]():',
    "type = 3\ntype(x)\nmatch = [type]",
    'print "x"',
    'f"{x',
    "'never ends\n",
    'f"{x # c\n}"',
    'f"{f"{f"{f"{f"{q}"}"}"}"}"',
    "def f[T(x): pass",
    "f'{a:%H:%M} {{}} {b!r}'",
]


@pytest.mark.parametrize("code", NEW)
def test_newer_syntax_becomes_readable_and_lines_stay(code):
    older = newer.older(code)
    assert older != code
    assert older.count("\n") == code.count("\n")
    ast.parse(older)


@pytest.mark.parametrize("code", OLD)
def test_what_is_old_or_broken_stays_as_it_is(code):
    assert newer.older(code) == code


def test_names_inside_the_braces_stay_names():
    tree = ast.parse(newer.older('f"{", ".join(names)} {table["key"]:>{width}}"'))
    assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} == {"names", "table", "width"}
    assert "key" in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


@given(st.text("f'\"{}[]\\\n#typedefclas =:,AT() ", max_size=60))
def test_no_text_makes_it_fail_or_loses_a_line(text):
    assert newer.older(text).count("\n") == text.count("\n")
