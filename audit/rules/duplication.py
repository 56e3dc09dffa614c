"""The same class or function in several files. Fingerprints of syntax trees: the time grows with the tree's size."""

import ast
import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH, TEACHING_PATH, TEST_PATH, Function, is_function, is_text, modules
from audit.rules.family import Family, rule
from audit.target import Piece, Target

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
TYPES_ONLY = {"annotation", "returns", "type_comment", "type_params", "kind", "ctx"}


@dataclass(frozen=True)
class Place:
    """A definition, and the classes and functions that hold it."""

    piece: Piece
    node: Function | ast.ClassDef
    holders: tuple[ast.AST, ...]

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
                if length(place.node) >= MIN_LINES:
                    print_ = fingerprint(place.node)
                    if print_:
                        groups[print_].append(place)
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


def definitions(piece: Piece) -> Iterator[Place]:
    """Every class, function and method, with what holds it."""
    assert piece.tree is not None
    waiting: deque[tuple[ast.AST, tuple[ast.AST, ...]]] = deque([(piece.tree, ())])
    while waiting:
        node, holders = waiting.popleft()
        if is_function(node) or isinstance(node, ast.ClassDef):
            yield Place(piece, node, holders)
            holders = (*holders, node)
        if not isinstance(node, ast.expr):
            waiting += [(child, holders) for child in ast.iter_child_nodes(node)]


def length(node: Function | ast.ClassDef) -> int:
    """Lines of a definition without its decorators and docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1 if is_text(first) else 0)


def fingerprint(node: Function | ast.ClassDef) -> str:
    """A hash that ignores layout, comments, documentation, annotations and the choice of names; "" when too small.

    Names that the definition makes itself (its own, parameters, variables) count by order of appearance. What it takes
    from elsewhere, attributes, and constants count as they are: code with another constant is other code.
    """
    own = own_names(node)
    numbers: dict[str, int] = {}
    parts: list[str] = []
    count = 0
    waiting: list[object] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            parts.append(f"[{len(item)}")
            waiting.extend(reversed(item))
        elif isinstance(item, ast.Constant):
            parts.append(repr(item.value))
        elif isinstance(item, ast.AST):
            count += 1
            parts.append(type(item).__name__)
            fields = [value for name, value in ast.iter_fields(item) if name not in TYPES_ONLY]
            if is_function(item) or isinstance(item, ast.ClassDef):
                body = item.body[1:] if is_text(item.body[0]) else item.body
                fields = [body if value is item.body else value for value in fields]
            waiting.extend(reversed(fields))
        elif isinstance(item, str) and item in own:
            parts.append(f"#{numbers.setdefault(item, len(numbers))}")
        else:
            parts.append(repr(item))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest() if count >= MIN_NODES else ""


def own_names(node: Function | ast.ClassDef) -> set[str]:
    """What a definition names itself; methods of a class keep their names.

    Attributes are a class's own when it has more than its constructor: any two constructors that only store what they
    are given would else be equal.
    """
    own = {node.name}
    methods = [item for item in node.body if is_function(item)] if isinstance(node, ast.ClassDef) else []
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg):
            own.add(inner.arg)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            own.add(inner.id)
        elif len(methods) > 1 and isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            own.add(inner.attr)
    return own - {method.name for method in methods}


FAMILY = Family("duplication", "Nothing stands in two files", (CLONE,), find)
