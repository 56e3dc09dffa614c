"""The entries of a configuration with their lines, whatever format it is written in."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from audit.rules.configuration.written import said
from audit.rules.nesting import too_deep
from audit.target import Piece

FEW_ENTRIES = 3  # fewer say nothing about whether a program reads them
WHOLE = {"_target_", "class_path", "init_args", "defaults", "type", "method"}  # keys of tables that make objects
MAX_COMPOSED = 20_000  # characters: the parser that knows lines is slow


@dataclass(frozen=True)
class Leaf:
    """One entry of a configuration: the keys that lead to it, its line, and what it says."""

    keys: tuple[str, ...]
    line: int
    listed: bool = False
    value: str = ""


def leaves_of(piece: Piece, in_lists: bool = False) -> Iterator[Leaf]:
    """The entries of a file, with the line of the last key; none for what does not parse or is no table.

    With `in_lists`, also the entries of tables in a list (`listed`), under the list's key: each once.
    """
    if re.search(r"(^|[\s\[,:])&\w", piece.text) or "{{" in piece.text or too_deep(piece.text):
        return  # anchors may multiply without end; templates are filled in elsewhere
    try:
        if piece.path.lower().endswith(".toml"):
            document: Any = tomllib.loads(piece.text)
        elif piece.path.lower().endswith(".json"):
            document = json.loads(piece.text)
        else:
            document = yaml.safe_load(piece.text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return
    lines, exact = lines_of_keys(piece), dict(lines_of_paths(piece))
    waiting: list[tuple[Any, tuple[str, ...], bool]] = [(document, (), False)]
    told: set[tuple[str, ...]] = set()
    while waiting:
        value, keys, listed = waiting.pop()
        if isinstance(value, dict):
            waiting += [(inner, (*keys, str(key)), listed) for key, inner in reversed(value.items())]
        elif in_lists and keys and isinstance(value, list) and all(isinstance(item, dict) for item in value) and value:
            waiting += [(item, keys, True) for item in reversed(value)]
        elif keys and not (listed and keys in told):
            told.add(keys)
            yield Leaf(keys, exact.get(keys) or lines.get(keys[-1], 0), listed, said(value))


def lines_of_paths(piece: Piece) -> Iterator[tuple[tuple[str, ...], int]]:
    """(keys, line) of each entry of a document that parses; none of one that YAML does not take, or too long a one."""
    if piece.path.lower().endswith(".toml"):
        table: tuple[str, ...] = ()
        for number, line in enumerate(piece.lines, start=1):
            header = re.match(r"\s*\[\[?([\w.\- ]+)\]", line)
            if header:
                table = tuple(part.strip() for part in header[1].split("."))
            elif "=" in line:
                yield (*table, line.partition("=")[0].strip().strip("'\"")), number
        return
    if len(piece.text) > MAX_COMPOSED:
        return
    try:
        waiting: list[tuple[Any, tuple[str, ...]]] = [(yaml.compose(piece.text, Loader=yaml.SafeLoader), ())]
    except (ValueError, RecursionError, yaml.YAMLError):
        return
    while waiting:
        node, keys = waiting.pop()
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            path = (*keys, str(key.value))
            yield path, key.start_mark.line + 1
            items = value.value if isinstance(value, yaml.SequenceNode) else [value]
            waiting += [(item, path) for item in items]


def lines_of_keys(piece: Piece) -> dict[str, int]:
    """Key -> the first line that gives it a value."""
    found: dict[str, int] = {}
    for number, line in enumerate(piece.lines, start=1):
        before, *value = re.split("[:=]", line, maxsplit=1)
        keys = [before.strip().removeprefix("- ").strip().strip("'\"")] if value else []
        for key in (*keys, *re.findall(r"['\"]([^'\"]+)['\"]\s*:", line)):
            found.setdefault(key, number)
    return found


def is_short(leaves: tuple[Leaf, ...]) -> bool:
    """Whether its keys say nothing: a file of few entries, or one of whose tables a library makes objects."""
    return len(leaves) < FEW_ENTRIES or any(key in WHOLE for leaf in leaves for key in leaf.keys)
