"""Lines that no run can reach: what stands behind a statement that always leaves the block."""

import ast
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import dotted
from audit.rules.family import rule
from audit.rules.stubs.hollow import class_name
from audit.target import Piece

UNREACHABLE = rule(
    "stubs.unreachable",
    title="Code that cannot be reached",
    why="It looks as if it did something, and it never runs.",
    fix="Remove it, or move it before the statement that leaves the block.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
CALM = {"no_grad", "inference_mode", "enable_grad", "autocast", "open", "errstate", "GradientTape"}  # swallow nothing
EXITS = {"sys.exit", "exit", "quit", "os._exit"}
NAMES: dict[type[ast.stmt], str] = {
    ast.Return: "`return`", ast.Raise: "`raise`", ast.Break: "`break`", ast.Continue: "`continue`", ast.If: "`if`",
    ast.Expr: "exit", ast.With: "`with`", ast.While: "endless loop", ast.Try: "`try`",
}  # fmt: skip


def unreachable(piece: Piece) -> Iterator[Finding]:
    """The first statement after one that always leaves the block."""
    for node in (piece.tree, *piece.statements):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for number, leaving in enumerate(block):
                if leaves(leaving):
                    rest = [statement for statement in block[number + 1 :] if not is_nothing(statement)]
                    if rest and not any(map(makes_generator, rest)) and not is_guard(leaving, rest[0]):
                        message = f"nothing runs after the {NAMES[type(leaving)]} in line {leaving.lineno}"
                        yield found(UNREACHABLE, piece.at(rest[0].lineno), message, piece.line(rest[0].lineno))
                    break


def leaves(statement: ast.stmt) -> bool:
    """Whether no run goes on behind a statement: it leaves the block or the program.

    So do both branches of an `if`, a `try` and all its handlers, an endless loop, or what a `with` holds that swallows
    no error.
    """
    if type(statement) not in NAMES:
        return False
    while isinstance(statement, ast.If) and statement.orelse and leaves(statement.body[-1]):
        statement = statement.orelse[-1]
    if isinstance(statement, ast.Try):
        ends = [statement.orelse or statement.body, *(handler.body for handler in statement.handlers)]
        return all(leaves(block[-1]) for block in ends)
    if isinstance(statement, ast.While):
        endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return endless and not any(isinstance(node, ast.Break) for node in ast.walk(statement))
    if isinstance(statement, ast.With):
        return all(class_name(item.context_expr) in CALM for item in statement.items) and leaves(statement.body[-1])
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call) and dotted(statement.value.func) in EXITS
    return isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue)


def is_nothing(statement: ast.stmt) -> bool:
    """`pass`, or code put out of use between quotes: it does not look as if it did something."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def is_guard(leaving: ast.stmt, following: ast.stmt) -> bool:
    """An error raised behind branches that all return, a return behind an exit: for whoever changes what is above."""
    if isinstance(leaving, ast.Expr):
        return isinstance(following, ast.Return | ast.Raise)
    return isinstance(leaving, ast.If | ast.Try | ast.While) and isinstance(following, ast.Raise | ast.Assert)


def makes_generator(statement: ast.stmt) -> bool:
    """`return` followed by `yield` is the idiom for an empty generator."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(statement))
