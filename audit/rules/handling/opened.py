"""What the lines above a read, in the same function, have done with its path: opened it, unpacked files beside it."""

import ast
import re
from collections import defaultdict

from audit.rules.code import Module, dotted, is_function, last_name
from audit.rules.handling.sources import name_of, parts_of

UNPACKS = re.compile(r"^_*(unzip|untar|unpack|extractall$|extract_(all|archive|zip|tar|file)|(load|fetch)_zip)", re.I)
OPENS = re.compile(r"\w(Dataset|DataSet|Reader|File)$")  # classes that read what they are given
CHOICES = (ast.If, ast.For, ast.While, ast.Try, ast.ExceptHandler, ast.IfExp)


def is_opened_above(module: Module, call: ast.Call, path: ast.expr) -> bool:
    """Whether a line above that always runs has read the very file, or unpacked an archive into its folder."""
    scope = module.scope(call)
    if not is_function(scope):
        return False
    around = list(module.enclosing(call))
    for before in openers(module).get(id(scope), ()):
        choices = (holder for holder in module.enclosing(before) if isinstance(holder, CHOICES))
        if before.lineno >= call.lineno or any(holder not in around for holder in choices):
            continue
        if UNPACKS.search(name_of(before)):
            if places(module, before) & places(module, call):
                return True
        elif isinstance(path, ast.Name) and any(is_kept(module, value, path) for value in before.args[:1]):
            return True
    return False


def openers(module: Module) -> dict[int, list[ast.Call]]:
    """id of a function -> the calls in it that unpack archives, or make what reads a file."""
    if "openers" not in module.derived:
        table: dict[int, list[ast.Call]] = defaultdict(list)
        for _, call, _ in module.calls:
            if UNPACKS.search(name_of(call)) or OPENS.search(last_name(call.func)):
                table[id(module.scope(call))].append(call)
        module.derived["openers"] = table
    calls: dict[int, list[ast.Call]] = module.derived["openers"]
    return calls


def is_kept(module: Module, value: ast.expr, path: ast.Name) -> bool:
    """Whether a value is a path by its name, which the function gives no other path in between."""
    given = (one for one in module.given.get(path.id, ()) if module.scope(one) is module.scope(path))
    same = isinstance(value, ast.Name) and value.id == path.id
    return same and not any(value.lineno <= one.lineno <= path.lineno for one in given)


def places(module: Module, call: ast.Call) -> set[str]:
    """The variables that a call's paths are made of; an attribute is another than its object."""
    parts = parts_of(module, call)
    owners = {id(one.value) for one in parts if isinstance(one, ast.Attribute)}
    owners |= {id(one.func) for one in parts if isinstance(one, ast.Call)}
    named = [one for one in parts if isinstance(one, ast.Name | ast.Attribute) and id(one) not in owners]
    return {dotted(one) for one in named if dotted(one).partition(".")[0] not in module.origins} - {"", "self"}
