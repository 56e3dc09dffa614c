"""Of a program with a slip of the pen the rest is read, each statement where it was."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.repaired import MOST, repaired
from audit.target import Kind, parsed

SLIPS = {
    "a colon": "import os\nfor name in os.listdir(folder)[:9]\n    use(name)\nend(os)\n",
    "a bracket": "import os\nrows = [(a,\n        b]\nuse(os)\n",
    "a bracket that is not closed": "import os\nuse(first,\nx = 1\nuse(os)\n",
    "a comma": "import os\nuse(name=f'A{i}' last=os.sep)\nuse(os)\n",
    "an else too many": "import os\nif a:\n    b\nelse:\n    c\nelse :\n    d\nuse(os)\n",
    "a block that is not there": "import os\nif os.name:\nuse(os)\n",
    "a line too far in": "import os\nuse(a)\n    use(b)\nuse(os)\n",
    "a line too far out": "def f():\n        use(a)\n    use(b)\nuse(os)\n",
    "a string that does not end": "import os\nuse('a\nuse(os)\n",
}


@pytest.mark.parametrize("code", SLIPS.values(), ids=SLIPS)
def test_the_rest_is_read(code):
    text = repaired(code)
    tree = ast.parse(text)
    assert text.count("\n") == code.count("\n")
    assert "use(os)" in ast.unparse(tree) or "end(os)" in ast.unparse(tree)


def test_the_names_of_a_line_count_as_used():
    text = repaired("import os, sys\nuse(os, 'sys', f'{path}' last # sys\n")
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert names == {"use", "os", "path", "last"}
    assert "seed()" in repaired("import torch\ntorch.manual.seed(3))\n")
    assert repaired("a = 1\nassert a == (1\n").endswith("assert any((a,))\n")
    assert "Once" in repaired('from a import Once\n__all__ = ["Once"\n')


def test_a_statement_of_several_lines_is_left_out_as_a_whole():
    text = repaired("import os\nuse(\n    a,\n    name=f(b)\n\nend(os)\n")
    assert text == "import os\n(use(), a, name, f(), b,)\n\n\n\nend(os)\n"


def test_the_body_below_a_header_stays_below():
    tree = ast.parse(repaired("for name in rows(a)[:9]\n    use(name)\n"))
    assert isinstance(tree.body[0], ast.If)
    assert ast.unparse(tree.body[0].body[0]) == "use(name)"


@pytest.mark.parametrize(
    "code",
    [
        "import {{ package }}\nuse(package)\n",
        "<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n",
        "\n".join(["this is no program"] * (MOST + 1)),
        "x = 1 +\n" + "y = 1\n" * 60_000,
    ],
)
def test_what_is_no_program_or_too_long_is_left(code):
    assert repaired(code) is None


def test_a_piece_has_both_its_problem_and_what_parses_of_it():
    piece = parsed("a.py", SLIPS["a colon"], SLIPS["a colon"], None)
    assert piece.kind is Kind.PYTHON
    assert piece.problem == ("does not parse: expected ':'", 2)
    assert any(isinstance(node, ast.Import) for node in piece.nodes)


@given(st.text("ab()[]{}:=,.'\"\n \t#\\xif else", max_size=120))
def test_whatever_is_given_back_parses_and_has_as_many_lines(code):
    text = repaired(code)
    if text is not None:
        ast.parse(text)
        assert text.count("\n") == code.count("\n")


@given(st.lists(st.sampled_from(["import os", "x = 1", "use(x)", "# use(x", "'a)'"]), min_size=1, max_size=8))
def test_what_parses_stays_as_it_is(lines):
    assert repaired("\n".join(lines)) == "\n".join(lines)
