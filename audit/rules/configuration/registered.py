"""Who calls the functions and classes of a tree, also those that it keeps in tables and chooses from them."""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from audit.rules.code import Module, is_function, is_parameter, last_name
from audit.rules.configuration.loading import true_name

MOST = 5  # values of one name that are looked at


def chosen(every: Iterable[Module], own: Collection[str]) -> dict[ast.Call, tuple[Module, list[str]]]:
    """Calls of what a table of the tree's own functions and classes (`own`) holds, with the names of all of these."""
    every = list(every)
    tables: dict[str, set[str]] = defaultdict(set)
    for module in every:
        for name, values in module.given.items():
            for value in values[:MOST]:
                held = {last_name(part) for part in value.values} if isinstance(value, ast.Dict) else set()
                tables[name].update(held if held and held <= set(own) else ())
        for _, node in module.statements():
            to = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(node, ast.Assign) and isinstance(to, ast.Subscript) and last_name(node.value) in own:
                tables[last_name(to.value)].add(last_name(node.value))
    tables = defaultdict(set, {name: held for name, held in tables.items() if held and name})
    found: dict[ast.Call, tuple[Module, list[str]]] = {}
    for module in every if tables else ():
        for _, call, _ in module.calls:
            values = [call.func]
            if isinstance(call.func, ast.Name) and call.func.id not in own:
                values = module.given.get(call.func.id, [])[:MOST]
            held = {name for value in values for name in tables.get(taken_from(value), ())}
            if held:
                found[call] = module, sorted(held)
    return found


def is_variable(module: Module, node: ast.AST) -> bool:
    """Whether a name is one of a value in a function, which may be called like a function of the tree."""
    if not isinstance(node, ast.Name):
        return False
    scope = module.scope(node)
    given = is_function(scope) and any(module.scope(value) is scope for value in module.given.get(node.id, []))
    return given or is_parameter(module, node)


def reaching(every: Iterable[Module], found: Collection[str]) -> set[str]:
    """Names of the functions of a tree that are among some, or call what is or calls one of these."""
    calls: dict[str, set[str]] = defaultdict(set)
    for module in every:
        for _, call, _ in module.calls:
            for holder in module.enclosing(call):
                if is_function(holder):
                    calls[true_name(module, call)].add(holder.name)
    reached = set(found)
    waiting = list(found)
    while waiting:
        new = calls[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def callers_of(
    every: Iterable[Module],
    classes: Mapping[str, list[tuple[Module, ast.ClassDef]]],
    chosen_calls: Mapping[ast.Call, tuple[Module, list[str]]],
) -> dict[str, list[tuple[Module, ast.Call]]]:
    """Name of a function or class -> the calls of it; those of `super().__init__` under the names of the bases."""
    found: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
    for module in every:
        for _, call, _ in module.calls:
            name = true_name(module, call)
            if name == "__init__":
                for holder in module.enclosing(call):
                    if isinstance(holder, ast.ClassDef):
                        for base in holder.bases:
                            found[last_name(base)].append((module, call))
            else:
                found[name].append((module, call))
    for call, (module, names) in chosen_calls.items():
        for name in names:
            found[name].append((module, call))
    for name, defined in classes.items():
        for _, node in defined:
            if not any(is_function(line) and line.name == "__init__" for line in node.body):
                for base in node.bases:
                    found[last_name(base)] += found.get(name, [])[:MOST]
    return found


def taken_from(value: ast.expr) -> str:
    """The name of the table of which an entry is taken: `TABLE[name]`, `TABLE.get(name)`; "" for anything else."""
    if isinstance(value, ast.Subscript):
        return last_name(value.value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in ("get", "pop"):
        return last_name(value.func.value)
    return ""


def spoken(every: Iterable[Module], own: Collection[str], bases: Collection[int], known: Collection[str]) -> set[str]:
    """Names of the tree's own that stand somewhere without being called, or being bases (ids of their nodes).

    Those that calls choose from a table (`known`) may stand in it.
    """
    named: set[str] = set()
    for module in every:
        heads = {id(call.func) for _, call, _ in module.calls}
        for node in module.of(ast.Name, ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
            if name in own and id(node) not in heads and id(node) not in bases and not is_variable(module, node):
                held = name in known and isinstance(module.parents.get(node), ast.Dict)
                named.update([name] if isinstance(getattr(node, "ctx", None), ast.Load) and not held else ())
    return named
