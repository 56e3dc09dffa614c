"""Chains that lead to an entry of a table: subscripts, attributes, `.get()`, and what the tree has of its own."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from audit.rules.code import Function, Module, called, dotted, is_function, last_name, text_of
from audit.rules.configuration.loading import ONE as ANY_KEY
from audit.rules.configuration.records import method_of
from audit.trees import lines_of

ASKING = {"get", "pop", "setdefault"}
MOST_PARAMETERS = 3  # of what gives an entry: a table, its key, what is given instead


class Chain(NamedTuple):
    """What an expression begins with, and the keys from there on, each with whether it is an attribute.

    `wrapped` says that a method or function of the tree is asked for one of them.
    """

    root: ast.expr
    links: list[tuple[str, bool]]
    wrapped: bool


def chain(node: ast.expr, accessors: Mapping[str, int]) -> Chain:
    """The chain of an expression: `config["a"].b` begins with `config`; `accessors` are the tree's own."""
    links: list[tuple[str, bool]] = []  # from the outside in
    wrapped = False
    while True:
        if isinstance(node, ast.Attribute):
            links += [(node.attr, True)] if node.attr != "__dict__" else []
            node = node.value
        elif isinstance(node, ast.Subscript):
            links.append((last_key(node.slice), False))
            node = node.value
        elif isinstance(node, ast.Call) and called(node) in ASKING and isinstance(node.func, ast.Attribute):
            links.append((last_key(node.args[0]) if node.args else "", False))
            node = node.func.value
        elif isinstance(node, ast.Call) and called(node) in accessors and text_of(asked_key(node, accessors)):
            links.append((last_key(asked_key(node, accessors)), False))
            node = node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
            wrapped = True
        else:
            return Chain(node, links[::-1], wrapped)


def last_key(node: ast.expr | None) -> str:
    """The key of an entry; the last one of `model.encoder`."""
    return text_of(node).replace("/", ".").rpartition(".")[2]


def asked_key(call: ast.Call, accessors: Mapping[str, int]) -> ast.expr | None:
    """The key that an accessor is given by its place: the first one behind the table, which a function is given too."""
    at = accessors[called(call)] - isinstance(call.func, ast.Attribute)
    if at == 0 and isinstance(call.func, ast.Name):
        return None  # a function that is given no table before the key
    return call.args[at] if 0 <= at < len(call.args) else None


def accessors_in(functions: Iterable[Function]) -> dict[str, int]:
    """Functions and methods that give an entry of what they are first given -> the place of their key among these.

    `def section(self, name): return self.values[name]`, `def part(config, path): ...`.
    """
    found: dict[str, int] = {}
    every = list(functions)
    for again in (False, True):  # some ask others
        if again and not found:
            break
        for function in every:
            names = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
            if 1 < len(names) <= MOST_PARAMETERS and not function.name.startswith("__"):
                keys = keys_given(function, set(names[1:]), {*ASKING, *found})
                if len(keys) == 1:
                    found[function.name] = names.index(keys.pop())
    return found


def keys_given(function: Function, parameters: Collection[str], asking: Collection[str]) -> set[str]:
    """Parameters by which a function asks for the entry that it gives back, itself or under a name."""
    nodes = lines_of(function)
    given: dict[str, list[ast.expr]] = {}
    parts: dict[str, str] = {}  # name -> the parameter of whose parts it is one
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and called(node.iter) == "split":
            parts[last_name(node.target)] = last_name(getattr(node.iter.func, "value", node.iter))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            value = within(node.value, asking)
            for one in given.get(value.id, []) if isinstance(value, ast.Name) else [value]:
                asked = key_of(within(one, asking), asking)
                key = last_name(asked) if asked is not None else ""
                found.add(parts.get(key, key))
    return found & set(parameters)


def within(value: ast.expr, asking: Collection[str]) -> ast.expr:
    """What is given back as it is, copied, or as an object made of it: `dict(table)`, `Settings(table)`."""
    if isinstance(value, ast.Call) and key_of(value, asking) is None and len(value.args) == 1:
        return value.args[0]
    return value


def key_of(node: ast.expr, asking: Collection[str]) -> ast.expr | None:
    """The key by which an expression asks for an entry; None for one that does not."""
    if isinstance(node, ast.Subscript):
        return node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and called(node) in asking and node.args:
        return node.args[0]
    if isinstance(node, ast.Call) and called(node) == "getattr" and len(node.args) > 1:
        return node.args[1]
    return None


def pattern_asked(module: Module, table: ast.expr) -> str:
    """What the keys look like that a table is asked for at run time: `*_file` of `table[f"{split}_file"]`, else `*`."""
    key = key_at(module, table)
    if isinstance(key, ast.Name):
        given = [value for value in module.given.get(key.id, []) if module.scope(value) is module.scope(key)]
        key = given[0] if len(given) == 1 else None
    return pattern_in(key)


def key_at(module: Module, table: ast.expr) -> ast.expr | None:
    """The key that a table is asked for where it stands: `key` of `table[key]`, of `getattr(table, key)`."""
    holder = module.parents.get(table)
    if isinstance(holder, ast.Attribute):
        holder = module.parents.get(holder)
    if isinstance(holder, ast.Call):
        return holder.args[int(table in holder.args)] if len(holder.args) > int(table in holder.args) else None
    return holder.slice if isinstance(holder, ast.Subscript) and holder.value is table else None


def parameter_asked(module: Module, table: ast.expr) -> str:
    """The parameter by which, or by whose parts between dots, a table is asked; "" where it is another key."""
    key, function = key_at(module, table), module.scope(table)
    name = key.id if isinstance(key, ast.Name) else ""
    for holder in module.enclosing(table) if name else ():
        if isinstance(holder, ast.For) and dotted(holder.target) == name and called_split(holder.iter):
            key = method_of(holder.iter)
    if not isinstance(key, ast.Name) or not is_function(function):
        return ""
    given = any(module.scope(value) is function for value in module.given.get(key.id, []))
    parameters = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return key.id if not given and key.id in [item.arg for item in parameters] else ""


def called_split(node: ast.expr) -> bool:
    """`path.split(".")`."""
    return isinstance(node, ast.Call) and called(node) == "split"


def pattern_in(key: ast.AST | None) -> str:
    """What the texts that an expression makes look like; `*` for anything else than words around gaps."""
    parts = key.values if isinstance(key, ast.JoinedStr) else []
    pattern = "".join(text_of(part) or ANY_KEY for part in parts)
    return pattern if re.fullmatch(r"[\w*]*\w[\w*]*", pattern) else ANY_KEY


def is_no_entry(handed: tuple[ast.expr, object]) -> bool:
    """Whether what is handed on is no entry by a key of a known look, of which its table is asked already."""
    return not isinstance(handed[0], ast.Subscript) or pattern_in(handed[0].slice) == ANY_KEY


def wrapping(node: ast.ClassDef, accessors: Mapping[str, int]) -> bool:
    """Whether a class gives the entries of a table that it holds by a method, or makes attributes of them."""
    if any(is_function(line) and line.name in accessors for line in node.body):
        return True
    lines = (inner for line in node.body if is_function(line) for inner in lines_of(line))
    return any(isinstance(line, ast.Expr) and spreads_over_self(line.value) for line in lines)


def spreads_over_self(node: ast.expr) -> bool:
    """`setattr(self, key, value)` for any key, `self.__dict__.update(table)`."""
    if isinstance(node, ast.Call) and called(node) == "setattr" and len(node.args) > 1:
        return last_name(node.args[0]) == "self" and not text_of(node.args[1])
    return isinstance(node, ast.Call) and dotted(node.func) == "self.__dict__.update"
