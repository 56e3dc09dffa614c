"""What a call is given: by keywords, and by `**options` that are put together beside it."""

import ast
from collections.abc import Iterable, Iterator
from itertools import chain

from audit.rules.code import Module, dotted, is_function, last_name, text_of
from audit.rules.values import bound

Entries = dict[str, ast.expr]
COPIES = {"dict", "copy", "deepcopy", "OrderedDict"}
DEEPEST = 6  # names for a dictionary that are given another's


def arguments(module: Module, call: ast.Call) -> Entries | None:
    """The keywords of a call, with those of `**options` where the code around it writes them out; else None."""
    given = {item.arg: item.value for item in call.keywords if item.arg}
    for item in call.keywords:
        if item.arg is None:
            entries = entries_of(module, item.value)
            if entries is None:
                return None
            given = entries | given
    return given


def entries_of(module: Module, node: ast.expr | None, depth: int = 0) -> Entries | None:
    """What a dictionary that is put together in the code may hold; None where more may be in it."""
    if depth > DEEPEST:
        return None
    match node:
        case ast.Dict():
            parts = zip(node.keys, node.values, strict=True)
            return whole(entries_of(module, value, depth + 1) if key is None else {text_of(key): value}
                         for key, value in parts)  # fmt: skip
        case ast.BinOp(op=ast.BitOr()):
            return whole(entries_of(module, part, depth + 1) for part in (node.left, node.right))
        case ast.IfExp():
            return whole(entries_of(module, part, depth + 1) for part in (node.body, node.orelse))
        case ast.Call():
            return entries_of_call(module, node, depth)
        case ast.Subscript():
            table = entries_of(module, node.value, depth + 1)
            name = text_of(node.slice)
            chosen = [] if table is None else [table[name]] if name in table else [*table.values()] * (not name)
            return whole(entries_of(module, value, depth + 1) for value in chosen) if chosen else None
        case ast.Name():
            values = list(bound(module, node))
        case ast.Attribute():
            values = [*module.kept.get(dotted(node), ())]
        case _:
            return None
    made = [entries_of(module, value, depth + 1) for value in values] if values else [None]
    return whole(chain(made, added(module, node, depth)))


def entries_of_call(module: Module, call: ast.Call, depth: int) -> Entries | None:
    """`dict(common, shuffle=True)`, `common.copy()`, `options(True)` of a function that returns a dictionary."""
    if last_name(call.func) in COPIES:
        parts = [entries_of(module, part, depth + 1) for part in call.args]
        parts += [
            {item.arg: item.value} if item.arg else entries_of(module, item.value, depth + 1) for item in call.keywords
        ]
        return whole(parts)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "copy" and not call.args:
        return entries_of(module, call.func.value, depth + 1)
    if isinstance(call.func, ast.Name):
        functions = [node for _, node in module.statements() if is_function(node) and node.name == call.func.id]
        results = [node.value for function in functions for node in ast.walk(function) if isinstance(node, ast.Return)]
        return whole(entries_of(module, value, depth + 1) for value in results) if results else None
    return None


def added(module: Module, name: ast.Name | ast.Attribute, depth: int) -> Iterator[Entries | None]:
    """What is put into a dictionary after it was made: `options.update(…)`, `options["shuffle"] = …`, `|=`."""
    text = dotted(name)
    for node in ast.walk(module.scope(name)):
        match node:
            case ast.Call(func=ast.Attribute(attr="update", value=owner)) if dotted(owner) == text:
                yield entries_of_call(module, ast.Call(ast.Name("dict"), node.args, node.keywords), depth)
            case ast.Call(func=ast.Attribute(attr="setdefault", value=owner), args=[key, value]):
                yield {text_of(key): value} if dotted(owner) == text else {}
            case ast.Assign(targets=[ast.Subscript(value=owner, slice=key)]) if dotted(owner) == text:
                yield {text_of(key): node.value}
            case ast.AugAssign(op=ast.BitOr()) if dotted(node.target) == text:
                yield entries_of(module, node.value, depth + 1)


def whole(parts: Iterable[Entries | None]) -> Entries | None:
    """All entries together; None where some cannot be told. What is switched on in some run stands for the others."""
    found: Entries = {}
    for part in parts:
        if part is None:
            return None
        for name, value in part.items():
            if not (isinstance(value, ast.Constant) and value.value is False and name in found):
                found[name] = value
    return found
