import ast

import pytest

from audit.errors import AuditError
from audit.mutation import spec
from audit.mutation.change import StaleError, mutated

BASE = {"id": "m", "title": "t", "file": "a.py", "check": "rule:stubs.function"}
SOURCE = '''class A:
    def f(self, ä):
        """What it does."""
        return g("é", ä, 3)


def h():
    return 1
'''


def change(**keys):
    return mutated(SOURCE, spec.Mutant(**BASE, **keys))


def test_a_text_is_replaced_once():
    assert change(text="return 1", replacement="return 2") == SOURCE.replace("return 1", "return 2")


def test_arguments_change_places_whatever_the_letters():
    assert 'g(ä, "é", 3)' in change(operation="swap", function="A.f", call="g")


def test_a_body_becomes_a_return():
    result = change(operation="return", function="A.f", replacement="()")
    assert "    def f(self, ä):\n        return ()\n" in result
    assert ast.unparse(ast.parse(result).body[1]) == "def h():\n    return 1"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"text": "gone", "replacement": "x"}, "stands there 0 times"),
        ({"text": "return", "replacement": "x"}, "stands there 2 times"),
        ({"text": "return 1", "replacement": "return 1"}, "changes nothing"),
        ({"text": "return 1", "replacement": "return ("}, "no Python"),
        ({"operation": "return", "function": "gone", "replacement": "1"}, "no function gone"),
        ({"operation": "return", "function": "B.f", "replacement": "1"}, r"no function B\.f"),
        ({"operation": "swap", "function": "h", "call": "g"}, "calls g 0 times"),
    ],
)
def test_what_does_not_apply_is_stale(keys, words):
    with pytest.raises(StaleError, match=words):
        change(**keys)


def test_data_need_not_be_python():
    mutant = spec.Mutant(**{**BASE, "file": "a.yaml"}, text="a: 1", replacement="a: (")
    assert mutated("a: 1\n", mutant) == "a: (\n"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("text = 'a'", "mutants.0: Value error, got text, expected"),
        ("text = ''\nreplacement = 'b'", "text is empty"),
        ("text = 'a'\nreplacement = 'b'\nfunction = 'f'", "got function, replacement, text"),
        ("text = 'a'\nreplacement = 'b'\nnonsense = 1", "mutants.0.nonsense"),
        ("text = ", "cannot be read"),
    ],
)
def test_a_wrong_list_says_where(tmp_path, lines, words):
    head = "[[mutants]]\nid = 'm'\ntitle = 't'\nfile = 'a.py'\ncheck = 'rule:stubs.function'\n"
    (tmp_path / "m.toml").write_text(head + lines + "\n")
    with pytest.raises(AuditError, match=words):
        spec.load(tmp_path, ("m.toml",))


def test_two_of_one_id_and_a_missing_list_are_refused(tmp_path):
    text = "[[mutants]]\nid = 'm'\ntitle = 't'\nfile = 'a.py'\ncheck = 'rule:a'\ntext = 'a'\nreplacement = 'b'\n"
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(AuditError, match="two mutants are called m"):
        spec.load(tmp_path, ("m.toml", "m.toml"))
    with pytest.raises(AuditError, match=r"gone\.toml cannot be read"):
        spec.load(tmp_path, ("gone.toml",))
