"""What the nodes of a syntax tree hold: looked up by their kind, for the audit goes through millions."""

import ast
from array import array
from collections.abc import Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import TypeVar, cast

Node = TypeVar("Node", bound=ast.AST)

# Fields of syntax trees that hold no nodes, or only the marks of load and store, which all trees share.
PLAIN = {
    "ctx", "id", "attr", "arg", "name", "asname", "module", "level", "kind", "type_comment", "conversion", "is_async",
    "simple", "kwd_attrs", "rest", "tag", "str",
}  # fmt: skip
VALUES = {ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal}  # what they hold is no node either
PARTS = {  # of each kind of node the fields that may hold nodes
    kind: tuple(name for name in kind._fields if name not in PLAIN or kind.__name__ == "TypeAlias")
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
} | dict.fromkeys(VALUES, ())

BLOCKS: dict[
    type[ast.AST], tuple[str, ...]
] = {  # of each kind of node that holds statements, handlers or cases the fields that do
    kind: tuple(name for name in ("body", "handlers", "cases", "orelse", "finalbody") if name in kind._fields)
    for kind in PARTS
    if issubclass(kind, ast.mod | ast.stmt | ast.excepthandler | ast.match_case) and kind is not ast.Expression
}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes that a node holds itself, in order, without the marks of load and store."""
    below: list[ast.AST] = []
    for name in PARTS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            below += filter(None, value)  # of `{**more}` a key is None
        elif value is not None:
            below.append(value)
    return below


@dataclass(frozen=True)
class Walk:
    """A syntax tree level by level.

    Attributes:
        nodes: all of them, each before those it holds, and those of one node side by side.
        counts: how many each of them holds itself.
        depth: the number of levels.
    """

    nodes: tuple[ast.AST, ...]
    counts: Sequence[int]
    depth: int

    def holders(self) -> Iterator[tuple[ast.AST, ast.AST]]:
        """(node, the node that holds it), but for the first, which nothing holds."""
        return zip(self.nodes[1:], chain.from_iterable(map(repeat, self.nodes, self.counts)), strict=True)

    @cached_property
    def index(self) -> dict[type[ast.AST], MutableSequence[int]]:
        """Kind -> where the nodes of this very kind stand."""
        size = "H" if len(self.nodes) < 2**16 else "I"  # there are millions
        found: dict[type[ast.AST], MutableSequence[int]] = {}
        for place, node in enumerate(self.nodes):
            kind = node.__class__
            if kind in found:
                found[kind].append(place)
            else:
                found[kind] = array(size, (place,))
        return found

    def of(self, *kinds: type[Node]) -> list[Node]:
        """The nodes of these very kinds, in the order of all."""
        rows = [self.index[kind] for kind in kinds if kind in self.index]
        nodes = cast("tuple[Node, ...]", self.nodes)
        return [nodes[place] for place in (rows[0] if len(rows) == 1 else sorted(chain.from_iterable(rows)))]


def walk(tree: ast.AST | None) -> Walk:
    """Every node of a tree, without the marks of load and store; nothing where there is no tree."""
    nodes: list[ast.AST] = []
    counts: list[int] = []
    level = [tree] if tree else []
    depth = 0
    while level:
        nodes += level
        depth += 1
        below: list[ast.AST] = []
        before = 0
        for node in level:
            below += children(node)
            counts.append(len(below) - before)
            before = len(below)
        level = below
    return Walk(tuple(nodes), array("B" if max(counts, default=0) < 2**8 else "I", counts), depth)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all that it holds, in no order that means anything: a third of the time of `ast.walk`."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += children(current)


def lines_of(node: ast.AST) -> list[ast.AST]:
    """Every statement, handler and case that a node holds, each before those within it."""
    found: list[ast.AST] = []
    waiting = [node]
    while waiting:
        below = held(waiting.pop())
        found += below
        waiting += below
    return found


def held(node: ast.AST) -> list[ast.AST]:
    """The statements, handlers and cases that a node holds itself, in order."""
    found: list[ast.AST] = []
    for name in BLOCKS.get(node.__class__, ()):
        found += getattr(node, name)
    return found
