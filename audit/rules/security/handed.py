"""Functions that make code or objects of data, where they are handed on under another name: tables, maps, options."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, called, dotted, is_function, text_of
from audit.rules.options import arguments
from audit.rules.security.own import PICKLES
from audit.rules.values import bound
from audit.target import Piece

EVALS = ("eval", "exec", "builtins.eval", "builtins.exec")
PARTIAL = "functools.partial"
# Calls that only ask what a function is.
ASKING = {
    "isinstance",
    "issubclass",
    "hasattr",
    "callable",
    "id",
    "repr",
    "signature",
    "setattr",
    "patch",
    "mark",
    "wraps",
}


def handed_on(module: Module) -> Iterator[tuple[Piece, ast.expr, str]]:
    """(piece, where, name) of each unpickler, `eval` and `exec` that is given to something and not called there."""
    for piece in module.pieces:
        if not any(word in piece.text for word in ("eval", "exec", "pickle", "joblib", "dill", "shelve", "marshal")):
            continue
        for node in piece.of(ast.Name, ast.Attribute):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                name = module.full_name(node)
                if (name in EVALS or is_unpickler(name)) and is_handed(module, node) and not is_shadowed(module, node):
                    yield piece, node, name


def is_unpickler(name: str) -> bool:
    """Whether a name means a function that unpickles: no class, which others derive from."""
    return name in PICKLES and not name.endswith("Unpickler")


def is_handed(module: Module, node: ast.expr) -> bool:
    """Whether a function is an argument, an entry of a table, or what a function gives back.

    Where it only gets another name, what is called by that name counts; `return loads, (data,)` is how pickle copies.
    """
    inner: ast.AST = node
    holder = module.parents.get(node)
    kinds = set()
    while isinstance(holder, ast.keyword | ast.IfExp | ast.Starred | ast.Tuple | ast.List | ast.Dict):
        if isinstance(holder, ast.IfExp) and inner is holder.test:
            return False
        kinds.add(type(holder))
        inner, holder = holder, module.parents.get(holder)
    if isinstance(holder, ast.Call):
        return node is not holder.func and called(holder) not in ASKING
    listed = not kinds.isdisjoint({ast.IfExp, ast.List, ast.Dict}) or isinstance(holder, ast.Return)
    return isinstance(holder, ast.Assign | ast.AnnAssign | ast.Return | ast.NamedExpr) and listed and (
        ast.Tuple not in kinds or ast.Dict in kinds
    )  # fmt: skip


def is_shadowed(module: Module, node: ast.expr) -> bool:
    """Whether a module gives the name `eval` to something of its own."""
    return isinstance(node, ast.Name) and node.id in ("eval", "exec") and bool(list(bound(module, node)))


def meant(module: Module, call: ast.Call, name: str) -> tuple[str, dict[str, ast.expr]]:
    """The full name of what a call calls, also by another name for it, and all keywords that it is given."""
    given = arguments(module, call) or {item.arg: item.value for item in call.keywords if item.arg}
    if name == "getattr" or isinstance(call.func, ast.Call):
        asked = call.func if isinstance(call.func, ast.Call) else call
        if call.args and module.full_name(asked.func) == "getattr" and len(asked.args) > 1 and asked is not call:
            owner = module.full_name(asked.args[0]).lstrip(".").replace("__builtins__", "builtins")
            return f"{owner}.{text_of(asked.args[1])}", given
        return name, given
    values = module.given.get(name, []) if "." not in name else module.kept.get(dotted(call.func), [])
    scope = module.scope(call) if len(values) > 1 else None
    values = [value for value in values if module.scope(value) is scope] if len(values) > 1 else values
    if len(values) != 1 or is_local(module, name):
        return name, given
    value = values[0]
    if isinstance(value, ast.Call) and module.full_name(value.func) == PARTIAL and value.args:
        return module.full_name(value.args[0]), (arguments(module, value) or {}) | given
    if isinstance(value, ast.Name | ast.Attribute):
        return module.full_name(value), given
    return name, given


def is_local(module: Module, name: str) -> bool:
    """Whether a module has a function or class of this name."""
    if "plain functions" not in module.derived:
        parts = (node for _, node in module.statements() if is_function(node) or isinstance(node, ast.ClassDef))
        plain = (part for part in parts if not isinstance(module.parents.get(part), ast.ClassDef))
        module.derived["plain functions"] = {part.name for part in plain}
    return name in module.derived["plain functions"]
