"""The same class or function in several files. Fingerprints of syntax trees: the time grows with the tree's size."""

import ast
import hashlib
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH, TEACHING_PATH, TEST_PATH, Function, is_function, is_text, modules
from audit.rules.family import Family, rule
from audit.target import Piece, Target, held

CLONE = rule(
    "duplication.clone",
    title="The same code in several files",
    why="A correction in one place leaves the error in the others, and the copies drift apart.",
    fix="Keep one of them in a module and import it.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

MIN_LINES = 6  # without decorators and docstring
MIN_NODES = 25  # of the syntax tree: six lines of a list are not logic
SHOWN = 6  # places named in one message
ELSEWHERE = (TEST_PATH, TEACHING_PATH, FOREIGN_PATH, re.compile(r"_pb2(_grpc)?\.py$|\.pyi$"))
SIGNS: dict[type, str] = {ast.Attribute: ".", ast.keyword: "="}  # what tells names of other kinds from variables
TYPES_ONLY = {"annotation", "returns", "type_comment", "type_params", "kind", "ctx"}


@dataclass(frozen=True)
class Place:
    """A definition, and the classes and functions that hold it."""

    piece: Piece
    node: Function | ast.ClassDef
    holders: tuple[ast.AST, ...]
    print: str

    def __str__(self) -> str:
        return f"{self.node.name} in {self.piece.at(self.node.lineno)}"


def find(target: Target) -> Iterator[Finding]:
    """One finding for each group of equal definitions; what lies inside a reported one is not reported again."""
    groups: dict[str, list[Place]] = defaultdict(list)
    for module in modules(target):
        if any(pattern.search(module.path) for pattern in ELSEWHERE):
            continue
        for piece in module.pieces:
            for place in definitions(piece):
                groups[place.print].append(place)
    several = [group for group in groups.values() if len({place.piece.path for place in group}) > 1]
    reported = {place.node for group in several for place in group}
    for group in several:
        outer = [place for place in group if not reported.intersection(place.holders)]
        if len({place.piece.path for place in outer}) < 2:
            continue
        first, *others = outer
        listed = ", ".join(map(str, others[:SHOWN])) + (f" and {len(others) - SHOWN} more" * (len(others) > SHOWN))
        message = f"{first.node.name} ({length(first.node)} lines) stands again as {listed}"
        yield found(CLONE, first.piece.at(first.node.lineno), message, first.piece.line(first.node.lineno)[:120])


def length(node: Function | ast.ClassDef) -> int:
    """Lines of a definition without its decorators and docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1 if is_text(first) else 0)


def definitions(piece: Piece) -> Iterator[Place]:
    """Every class, function and method that is long enough, with what holds it and its fingerprint."""
    assert piece.tree is not None
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(piece.tree, ())]
    while waiting:
        node, holders = waiting.pop()
        if is_function(node) or isinstance(node, ast.ClassDef):
            if not holders:
                text = written(node)
            if length(node) >= MIN_LINES:
                mark = fingerprint(node, text)
                if mark:
                    yield Place(piece, node, holders, mark)
            holders = (*holders, node)
        waiting += [(child, holders) for child in reversed(held(node))]


@dataclass
class Text:
    """A definition written out as a row of words, layout, comments, documentation and annotations left away.

    Attributes:
        names: where in the row names stand; those of attributes begin with a full stop, those of keywords with `=`.
        stored: of each name, whether it is given a value there.
        spans: of each definition inside: from which word to which, and its number of nodes.
    """

    words: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    stored: list[bool] = field(default_factory=list)
    spans: dict[ast.AST, tuple[int, int, int]] = field(default_factory=dict)


def written(node: ast.AST) -> Text:
    """The row of a definition and, within it, of those inside."""
    text = Text()
    words = text.words
    nodes = 0
    opened: list[tuple[ast.AST, int, int]] = []
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if item is text:  # the end of the definition that was opened last
            inner, start, before = opened.pop()
            text.spans[inner] = (start, len(words), nodes - before)
        elif isinstance(item, list):
            words.append(f"[{len(item)}")
            waiting.extend(reversed(item))
        elif isinstance(item, ast.Constant):
            words.append(repr(item.value))
        elif isinstance(item, ast.AST):
            values: list[object] = [getattr(item, name, None) for name in meaning(type(item).__name__)]
            if is_function(item) or isinstance(item, ast.ClassDef):
                opened.append((item, len(words), nodes))
                waiting.append(text)
                if is_text(item.body[0]):
                    values = [item.body[1:] if value is item.body else value for value in values]
            nodes += 1
            words.append(type(item).__name__)
            sign = SIGNS.get(type(item), "")
            stored = isinstance(item, ast.arg) or isinstance(getattr(item, "ctx", None), ast.Store)
            waiting.extend((sign + v, stored) if isinstance(v, str) else v for v in reversed(values))
        elif isinstance(item, tuple):
            text.names.append(len(words))
            text.stored.append(item[1])
            words.append(item[0])
        else:
            words.append(repr(item))
    return text


@cache
def meaning(kind: str) -> tuple[str, ...]:
    """The parts of a kind of node that say what it does."""
    return tuple(name for name in getattr(ast, kind)._fields if name not in TYPES_ONLY)


def fingerprint(node: Function | ast.ClassDef, text: Text) -> str:
    """A hash that does not depend on the choice of names; "" for what is too small.

    Names that the definition makes itself (its own, parameters, variables) count by order of appearance. So do the
    attributes of a class that has more than its constructor: any two constructors that only store what they are given
    would else be equal. What comes from elsewhere, and constants, count as they are: code with another constant is
    other code.
    """
    start, end, count = text.spans[node]
    if count < MIN_NODES:
        return ""
    methods = {f".{item.name}" for item in node.body if is_function(item)} if isinstance(node, ast.ClassDef) else set()
    first, last = bisect_left(text.names, start), bisect_left(text.names, end)
    own = {text.words[text.names[n]] for n in range(first, last) if text.stored[n]} | {node.name}
    own -= methods if len(methods) > 1 else {name for name in own if name.startswith(".")}
    words = text.words[start:end]
    numbers: dict[str, str] = {}
    for place in text.names[first:last]:
        name = text.words[place]
        if name in own:
            words[place - start] = numbers.setdefault(name, f"#{len(numbers)}")
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()


FAMILY = Family("duplication", "Nothing stands in two files", (CLONE,), find)
