"""What is put over the tables and objects that names stand for: by `update()`, entry by entry, by functions that do."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from audit.rules.code import Module, called, is_function, is_parameter, keyword, last_name, text_of
from audit.rules.configuration.transfers import carried, owner

FILLS = {"merge", "unsafe_merge", "update", "merge_update", "merge_with", "set_defaults"}  # what they are asked of
MOST = 5  # values of one name that are looked at

Put = list[tuple[Module, ast.expr]]


def puts(module: Module) -> dict[tuple[ast.AST | None, str], Put]:
    """(function, name) -> tables that are put over what the name stands for; None for a name of the whole module."""
    if "puts" not in module.derived:
        found: dict[tuple[ast.AST | None, str], Put] = defaultdict(list)
        for place, values in put_in(module):
            name = owner(place)
            if name is not None:
                found[home(module, name), name.id] += [(module, inner) for value in values for inner in carried(value)]
        module.derived["puts"] = found
    tables: dict[tuple[ast.AST | None, str], Put] = module.derived["puts"]
    return tables


def put_in(module: Module) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """What something is put into under keys that are made at run time, and what is put there."""
    for _, call, _ in module.calls:
        name = called(call)
        if name == "setattr" and len(call.args) > 2 and not text_of(call.args[1]):
            yield call.args[0], call.args[2:]
        elif not isinstance(call.func, ast.Attribute) or last_name(call.func.value) in module.origins:
            continue  # `OmegaConf.merge(table, other)`
        elif name in FILLS:
            yield call.func.value, given_to(call)
        elif name == "setdefault" and len(call.args) > 1 and not text_of(call.args[0]):
            yield call.func.value, call.args[1:]
        elif name == "add_argument" and call.args and not text_of(call.args[0]):
            default = keyword(call, "default")
            yield call.func.value, [default] if default is not None else []
    for node in module.of(ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Constant | ast.Slice):
                yield target.value, [node.value]


def given_to(call: ast.Call) -> list[ast.expr]:
    """What a call is given by place, or spread over its parameters."""
    return [*call.args, *(item.value for item in call.keywords if item.arg is None)]


def home(module: Module, name: ast.Name) -> ast.AST | None:
    """The function that gives a name its value, or has it as a parameter; None where the whole module does."""
    scope = module.scope(name)
    if not is_function(scope):
        return None
    given = any(module.scope(value) is scope for value in module.given.get(name.id, ()))
    return scope if given or is_parameter(module, name) else None


def is_filled(module: Module, name: ast.Name) -> bool:
    """Whether something is put over what a name stands for."""
    return (home(module, name), name.id) in puts(module)


def putting(every: Iterable[Module]) -> dict[str, dict[int, Put]]:
    """Functions that put tables over what they are given -> the places of these parameters, with what is put there."""
    found: dict[str, dict[int, Put]] = defaultdict(dict)
    for module in every:
        for (function, name), values in puts(module).items():
            if is_function(function):
                given = [item.arg for item in function.args.args]
                if name in given:
                    found[function.name][given.index(name) - (given[0] in ("self", "cls"))] = values
    return found


def put_into(module: Module, name: ast.Name, functions: Mapping[str, Mapping[int, Put]]) -> Iterator[Put]:
    """Tables that are put over the one a name stands for, here or by functions of the tree that do (`putting`)."""
    if "put_by" not in module.derived:
        put: dict[tuple[ast.AST | None, str], Put] = defaultdict(list)
        for _, call, _ in module.calls:
            for at, values in functions.get(called(call), {}).items():
                given = call.args[at] if 0 <= at < len(call.args) else None
                if isinstance(given, ast.Name):
                    put[home(module, given), given.id] += values
        module.derived["put_by"] = put
    yield puts(module).get((home(module, name), name.id), [])[:MOST]
    yield module.derived["put_by"].get((home(module, name), name.id), [])[:MOST]
