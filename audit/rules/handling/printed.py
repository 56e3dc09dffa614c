"""Handlers of everything that say on the terminal that something failed, and go on as if it had not."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, dotted
from audit.rules.handling.dropped import is_broad

LINES = 3  # of a loop that does little else


def only_prints(module: Module, node: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Handlers of everything that print the error, or a sentence, and nothing else comes of it.

    Not where it is what a loop does, and the others are done all the same, nor around an import, nor where the block
    leaves with a result or sets a name that says so, nor around what only prints.
    """
    if not isinstance(node, ast.Try | ast.TryStar) or is_of_loop(module, node) or tells_otherwise(module, node):
        return
    for handler in node.handlers:
        if is_broad(handler.type) and are_prints(handler.body):
            yield handler


def are_prints(lines: list[ast.stmt]) -> bool:
    """Whether all that some lines do is to print."""
    calls = [line.value.func for line in lines if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    names = list(map(dotted, calls))
    return len(calls) == len(lines) and "print" in names and set(names) <= {"print", "traceback.print_exc"}


def is_of_loop(module: Module, node: ast.stmt) -> bool:
    """Whether a block is what a loop over several does, alone or in a condition, or stands in one without an end."""
    child: ast.AST = node
    holder = module.parents.get(child)
    while isinstance(holder, ast.If | ast.With | ast.AsyncWith) and len(holder.body) <= LINES:
        child, holder = holder, module.parents.get(holder)
    if isinstance(holder, ast.For | ast.AsyncFor) and child in holder.body and len(holder.body) <= LINES:
        return True
    return any(isinstance(one, ast.While) for one in module.enclosing(node))


def tells_otherwise(module: Module, node: ast.Try | ast.TryStar) -> bool:
    """Whether a block says by a result, or by a name that has a value before, whether it has worked."""
    if isinstance(node.body[0], ast.Import | ast.ImportFrom) or are_prints(node.body):
        return True
    if isinstance(node.body[-1], ast.Return | ast.Continue | ast.Break):
        return True
    set_there = (target for line in node.body if isinstance(line, ast.Assign) for target in line.targets)
    names = {target.id for target in set_there if isinstance(target, ast.Name)}
    scope = module.scope(node)
    given = (value for name in names for value in module.given.get(name, ()))
    return any(value.lineno < node.lineno and module.scope(value) is scope for value in given)
