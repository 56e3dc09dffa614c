"""Configuration that does not parse is told by its line; what is made to keep a parser busy is not given to it."""

import pytest

from audit.rules.syntax import damage, is_read_as_it_is
from audit.target import Kind, Piece


def piece(path, text):
    return Piece(path, Kind.TEXT, text)


@pytest.mark.parametrize(
    ("path", "text", "line", "words"),
    [
        ("a.toml", "[a]\nb = \n", 2, "is no TOML"),
        ("a.toml", "[a", 1, "is no TOML"),
        ("a.json", '{"a": 1,\n "b" 2}', 2, "is no JSON: Expecting ':' delimiter"),
        ("a.yml", "a: [1\nb: 2\n", 2, "is no YAML"),
        ("a.yaml", "a: 1\n\tb: 2\n", 2, "is no YAML"),
    ],
)
def test_the_line_of_the_damage_is_named(path, text, line, words):
    message, at = damage(piece(path, text))
    assert words in message
    assert at == line


@pytest.mark.parametrize("text", ["[1," * 100_000, "{a: " * 20_000, "- " * 50_000, "x: 1\n" * 300_000, " \n"])
def test_what_is_deep_long_or_empty_is_not_parsed(text):
    assert not is_read_as_it_is(piece("a.yaml", text))


@pytest.mark.parametrize("path", ["a.json", "a.toml", "a.yaml"])
def test_numbers_without_end_are_no_crash(path):
    text = f"a = {'9' * 10_000}" if path.endswith("toml") else "9" * 10_000
    assert damage(piece(path, text)) == ("", 0)
