"""Names and labels under which a value goes on: of variables, fields, logs and prints."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, called, last_name, text_of

COLLECTS = {"append", "extend", "update", "add", "log", "log_dict"}
STEPS = 3  # from what is worked out to a list of it, to its mean, to where that is told


def told_as(module: Module, node: ast.AST) -> Iterator[str]:
    """Names and labels under which a value goes on: what it is assigned to, logged, returned and printed as."""
    followed: set[str] = set()
    names: list[ast.AST] = [node]
    for _ in range(STEPS):
        told = [pair for name in names for pair in labels(module, name)]
        yield from (word for word, _ in told)
        assigned = {word for word, is_name in told if is_name} - followed
        if not assigned:
            return
        followed |= assigned
        used = (inner for inner in ast.walk(module.scope(node)) if isinstance(inner, ast.Name))
        names = [inner for inner in used if inner.id in assigned and isinstance(inner.ctx, ast.Load)]


def labels(module: Module, node: ast.AST) -> Iterator[tuple[str, bool]]:
    """(word, whether it is a variable's name) of what a value is given to in its statement."""
    child = node
    for holder in module.enclosing(node):
        if isinstance(holder, ast.Assign | ast.AugAssign | ast.AnnAssign):
            for target in holder.targets if isinstance(holder, ast.Assign) else [holder.target]:
                yield last_name(target), isinstance(target, ast.Name)
                yield text_of(target.slice) if isinstance(target, ast.Subscript) else "", False
        elif isinstance(holder, ast.keyword):
            yield holder.arg or "", False
        elif isinstance(holder, ast.Dict):
            pairs = zip(holder.keys, holder.values, strict=True)
            yield from ((text_of(key), False) for key, value in pairs if value is child)
        elif isinstance(holder, ast.Call) and child is not holder.func:
            if isinstance(holder.func, ast.Attribute) and called(holder) in COLLECTS:
                yield last_name(holder.func.value), called(holder) in ("append", "extend")
            if called(holder) == "print" or called(holder).startswith(("log", "info", "add_scalar")):
                said = (text_of(inner) for argument in holder.args for inner in ast.walk(argument))
                yield " ".join(said), False
        if isinstance(holder, ast.stmt):
            return
        child = holder
