import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit.rules import FAMILIES, stubs
from audit.rules.family import Family
from fuzz.one_file import NAMES, look

SLOW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
PARTS = [
    "import x", "def f(a):", "    return a", "%magic", "!ls", "'", '"""', "\\", "(", "[", "{", "&a", "*a", "- ", ": ",
    "key", "=", "\n", "\n\n", " ", "\x0c", "é", "```", "`", "class A:", "try:", "except:", "pass", "@", "lambda", "0",
    "<<<<<<< ",
]  # fmt: skip


@SLOW
@given(st.integers(0, len(NAMES) - 1), st.binary(max_size=300))
@example(0, b"\xff\xfe" + b"x" * 10)
@example(3, b"[project]\ndependencies = 3\n[tool]\npoetry = 1")
@example(3, b"[project.optional-dependencies]\na = 4\n[dependency-groups]\nb = 2\n")
def test_any_bytes_under_any_name(name, data):
    assert look(bytes([name]) + data) >= 0


@SLOW
@given(st.integers(0, len(NAMES) - 1), st.lists(st.sampled_from(PARTS), max_size=40))
def test_pieces_of_real_files_in_any_order(name, parts):
    assert look(bytes([name]) + "".join(parts).encode()) >= 0


KEYS = st.sampled_from(["cells", "source", "outputs", "cell_type", "data", "text", "a"])
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
)


@SLOW
@given(DOCUMENTS)
def test_any_json_as_a_notebook_and_as_a_configuration(document):
    for name in (1, 2, 5):
        assert look(bytes([name]) + json.dumps(document).encode()) >= 0


def test_a_rule_that_breaks_down_is_noticed(monkeypatch):
    def broken(_):
        raise ValueError("no")

    assert stubs.FAMILY in FAMILIES
    monkeypatch.setattr("fuzz.one_file.FAMILIES", (Family("stubs", "", (), broken),))
    with pytest.raises(ValueError, match="no"):
        look(b"\0x = 1")
