"""Loops that hand the entries of a table on under their own keys, check them or show them: these use none of them.

What is made of the entries is followed under the name of the table into which they are put.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from audit.rules.code import Module, called, dotted, is_function, text_of

SHOWS = {"print", "pprint", "info", "debug", "write", "echo", "log_param", "warn", "warning", "error", "exit"}
COLLECTS = {"append", "add"}  # keys that are unknown
MERGING = {"merge", "update", "deep_update", "deep_merge"}
PUTS = {"setattr", "update", "setdefault", "add_argument"}
LOOKS = {"isinstance", "hasattr", "callable", "len", "issubclass", "is_dataclass", "get_origin", "get_args"}
CONVERTS = {
    "deepcopy", "copy", "dict", "list", "tuple", "set", "str", "int", "float", "bool", "type", "Path",
    "SimpleNamespace", "Namespace", "EasyDict", "AttrDict", "Munch", "Box",
    "getattr", "get", "pop", "expandvars", "expanduser", "literal_eval", "as_posix", "resolve",
}  # fmt: skip
ENTRIES = {"items", "values", "keys"}  # of a value: what is done with them is judged by itself
AROUND = {"sorted", "list", "tuple", "reversed", "enumerate"}
SPREADING = re.compile(r"\bvars\(|__dict__(?!\.update|\[\w+\] = )|\basdict\(|\bgetattr\(|to_dict\(|parse_args\(")
QUIET = (ast.If, ast.For, ast.Raise, ast.Continue, ast.Break, ast.Pass, ast.Try, ast.Delete, ast.Assert)


class Entry(NamedTuple):
    """What a loop calls the key of an entry and its value, with what is made of either; whether it collects some."""

    keys: set[str]
    values: set[str]
    collects: bool


def is_idle(module: Module, loop: ast.For) -> bool:
    """Whether a loop over a table does nothing with its entries but hand them on, check them or show them."""
    known: dict[int, bool] = module.derived.setdefault("idle", {})
    if id(loop) not in known:
        known[id(loop)] = uses_nothing(module, loop)
    return known[id(loop)]


def uses_nothing(module: Module, loop: ast.For) -> bool:
    """What `is_idle` keeps."""
    pair = pair_of(loop)
    inside = [node for line in loop.body for node in ast.walk(line)]
    own = own_names(module, loop)
    if pair is None or not all(is_quiet(module, node, own) for node in inside if isinstance(node, ast.stmt)):
        return False
    calls = (node.value for node in inside if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    entry = Entry({pair[0]}, {pair[1]}, not COLLECTS.isdisjoint(map(called, calls)))
    within = set(map(id, inside))
    for node in sorted((node for node in inside if isinstance(node, ast.Assign)), key=lambda node: node.lineno):
        names = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
        made = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if not names.isdisjoint(entry.values):
            entry.values.update(made)
        elif not names.isdisjoint(entry.keys):
            entry.keys.update(made)
        else:
            continue
        if any(id(use) not in within for name in made for use in uses_in(module, loop, name)):
            return False  # taken out of the loop
    uses = (node for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return all(ends_well(module, node, entry, own) for node in uses if node.id in entry.keys | entry.values)


def pair_of(loop: ast.For | ast.comprehension) -> tuple[str, str] | None:
    """What a loop calls a key and its value, "" for either that it does not name; None for one over no table."""
    over, target = loop.iter, loop.target
    while isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and called(over) in AROUND and over.args:
        if called(over) == "enumerate":
            target = target.elts[1] if isinstance(target, ast.Tuple) and len(target.elts) == 2 else target
        over = over.args[0]
    pair = [dotted(part) for part in getattr(target, "elts", [target])]
    method = called(over) if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) else ""
    if method == "items" and len(pair) == 2:
        return pair[0], pair[1]
    if len(pair) > 1 or (isinstance(over, ast.Call) and method not in ENTRIES):
        return None
    return ("", pair[0]) if method == "values" else (pair[0], "")


def own_names(module: Module, node: ast.AST) -> set[str]:
    """The function and the classes that hold a node: what is given to them goes the same way again."""
    scope = module.scope(node)
    holders = (holder.name for holder in module.enclosing(node) if isinstance(holder, ast.ClassDef))
    return {scope.name, "cls", *holders} if is_function(scope) else set(holders)


def uses_in(module: Module, loop: ast.For, name: str) -> Iterator[ast.Name]:
    """Where the function that holds a loop asks for the value of a name."""
    scope = module.scope(loop)
    return (use for use in uses_of(module).get(name, []) if module.scope(use) is scope)


def uses_of(module: Module) -> dict[str, list[ast.Name]]:
    """Name -> where it is asked for its value."""
    if "uses" not in module.derived:
        found: dict[str, list[ast.Name]] = defaultdict(list)
        for node in module.of(ast.Name):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id].append(node)
        module.derived["uses"] = found
    uses: dict[str, list[ast.Name]] = module.derived["uses"]
    return uses


def is_quiet(module: Module, line: ast.stmt, own: set[str]) -> bool:
    """Whether a line of a loop gives names, puts something into a table, calls itself again, or complains."""
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
        name = called(line.value)
        if name == "setattr" and line.value.args and not has_name(module, line.value.args[0]):
            return False
        return name in SHOWS | COLLECTS | PUTS | own
    if isinstance(line, ast.Assign):
        places = [part for target in line.targets for part in getattr(target, "elts", [target])]
        tables = [place.value for place in places if isinstance(place, ast.Subscript)]
        named = all(dotted(table).startswith("self.") or is_followed(module, table) for table in tables)
        spread = "self.__dict__" in map(dotted, tables) and spreads(module)
        return named and not spread and len(tables) + sum(isinstance(one, ast.Name) for one in places) == len(places)
    return isinstance(line, QUIET) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))


def has_name(module: Module, node: ast.expr) -> bool:
    """Whether an object that is given attributes has a name, by which it is followed, or is taken apart nowhere."""
    return is_followed(module, node) or (dotted(node).partition(".")[0] == "self" and not spreads(module))


def is_followed(module: Module, node: ast.expr) -> bool:
    """Whether what something is put into has a name, which no loop gives it: `group` of `for group in groups`."""
    name = owner(node)
    loops = (holder for holder in module.enclosing(node) if isinstance(holder, ast.For))
    return name is not None and not any(
        name.id == dotted(part) for loop in loops for part in getattr(loop.target, "elts", [loop.target])
    )


def spreads(module: Module) -> bool:
    """Whether a module takes objects apart into their attributes."""
    if "spreads" not in module.derived:
        module.derived["spreads"] = any(SPREADING.search(piece.text) for piece in module.pieces)
    return bool(module.derived["spreads"])


def owner(node: ast.expr) -> ast.Name | None:
    """The name of what something is put into: `out` of `out[part]`, `vars(out)`, `out.setdefault(part, {})`.

    An object is followed by its name alone, and not through what holds it.
    """
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "__dict__"):
            node = node.value
        elif isinstance(node, ast.Call) and called(node) == "vars" and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Call) and called(node) == "setdefault" and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return None
    return node if node.id != "self" else None


def ends_well(module: Module, node: ast.AST, entry: Entry, own: set[str]) -> bool:
    """Whether a key or value, and what is made of it, goes nowhere but under the own key, or is judged by itself."""
    is_value = isinstance(node, ast.Name) and node.id in entry.values
    for holder in module.enclosing(node):
        if isinstance(holder, ast.stmt):
            return is_good_end(holder, node, entry, is_value=is_value)
        if isinstance(holder, ast.Call):
            name = called(holder)
            if isinstance(module.parents.get(holder), ast.Raise):
                return True
            if name in ENTRIES | LOOKS | PUTS | SHOWS | MERGING | own or (name in COLLECTS and not is_value):
                return True
            if node is holder.func and isinstance(node, ast.Subscript):
                return True  # made by what the key names
            method = node is holder.func and isinstance(node, ast.Attribute)
            if not method and not converts(holder):
                return False
        elif isinstance(holder, ast.Subscript):
            if node is holder.value and text_of(holder.slice):
                return True  # asked by its key
            is_value |= node is holder.slice
        elif isinstance(holder, ast.Attribute):
            call = module.parents.get(holder)
            if not (isinstance(call, ast.Call) and call.func is holder):
                return True
        elif isinstance(holder, ast.keyword) and holder.arg is None:
            return True
        elif isinstance(holder, ast.Compare) and isinstance(holder.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
            return node is holder.left or not is_value
        elif isinstance(holder, ast.Lambda):
            return False
        node = holder
    return False


def converts(call: ast.Call) -> bool:
    """Whether a call gives back what it is given, in another form: `float(value)`, `type(default)(value)`."""
    return called(call) in CONVERTS or (isinstance(call.func, ast.Call) and called(call.func) == "type")


def carried(value: ast.expr) -> Iterator[ast.expr]:
    """What a value is made of that is put into a table: `value` of `float(value)`, of `root / value`."""
    if isinstance(value, ast.Call) and converts(value):
        yield from (inner for part in value.args for inner in carried(part))
    elif isinstance(value, ast.BinOp):
        yield from (*carried(value.left), *carried(value.right))
    elif isinstance(value, ast.IfExp):
        yield from (*carried(value.body), *carried(value.orelse))
    else:
        yield value


def is_good_end(line: ast.stmt, node: ast.AST, entry: Entry, *, is_value: bool) -> bool:
    """Whether a line that a key or value comes to puts it under the key, gives it a name, tests it or complains."""
    if isinstance(line, ast.If):
        return not (is_value and entry.collects)
    if not isinstance(line, ast.Assign):
        return not isinstance(line, ast.With)
    if node in line.targets or not is_value:
        return node not in line.targets or not is_value or mentions(node, entry.keys)
    tables = (target for target in line.targets if isinstance(target, ast.Subscript))
    return all(mentions(target.slice, entry.keys) for target in tables)


def mentions(node: ast.AST, names: set[str]) -> bool:
    """Whether one of some names stands in an expression."""
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))
