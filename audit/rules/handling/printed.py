"""Handlers of everything that say on the terminal that something failed, and go on as if it had not."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, dotted
from audit.rules.handling.dropped import is_broad

LINES = 3  # of a loop that does little else


def only_prints(module: Module, node: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Handlers of everything that print the error, or a sentence, and go on: what comes after has nothing to work with.

    Not where it is what a loop does, and the others are done all the same, nor around an import.
    """
    if not isinstance(node, ast.Try | ast.TryStar):
        return
    holder = module.parents.get(node)
    if isinstance(holder, ast.For | ast.While | ast.AsyncFor) and len(holder.body) <= LINES:
        return
    if any(isinstance(line, ast.Import | ast.ImportFrom) for line in node.body[:1]):
        return
    for handler in node.handlers:
        calls = [
            line.value.func for line in handler.body if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)
        ]
        names = [dotted(func) for func in calls]
        told = "print" in names and all(name in ("print", "traceback.print_exc") for name in names)
        if is_broad(handler.type) and told and len(calls) == len(handler.body):
            yield handler
