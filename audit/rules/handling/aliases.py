"""Readers that are called by another name, and options that are given in a table."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, dotted, has_unpacked_keywords, is_function, is_parameter, last_name, text_of
from audit.rules.readers import READERS
from audit.rules.reading import default_of
from audit.target import Piece

Calls = tuple[tuple[Piece, ast.Call, str], ...]
NAMES = (ast.Name, ast.Attribute, ast.Subscript)  # how a function is called that is kept
MOST = 5  # values that one name is looked up in
PATHS = {
    "filepath_or_buffer",
    "path_or_buf",
    "path",
    "file",
    "fname",
    "filename",
    "f",
    "io",
    "model_file",
    "model_path",
    "filepath",
    "path_or_bytes",
    "uri",
    "source",
    "annotation_file",
}  # as keywords
CHANGES = {"update", "setdefault", "pop"}  # by which a table gets other keys
KNOWN = READERS | {"torch.load", ".torch.load"}


def reading_calls(module: Module) -> Calls:
    """All calls with their full names: `read(path)` after `read = torch.load` is a call of torch.load.

    The options of a table that is written out stand as if they were given one by one.
    """
    if "reading calls" not in module.derived:
        module.derived["reading calls"] = tuple(renamed(module))
    calls: Calls = module.derived["reading calls"]
    return calls


def renamed(module: Module) -> Iterator[tuple[Piece, ast.Call, str]]:
    """What `reading_calls` keeps."""
    for piece, call, name in module.calls:
        if name in KNOWN:
            yield piece, spread(module, call), name
            continue
        found = reader(module, call) if (call.args or call.keywords) and isinstance(call.func, NAMES) else None
        if found is None:
            yield piece, call, name
        else:
            yield piece, spread(module, found[0]), found[1]


def reader(module: Module, call: ast.Call) -> tuple[ast.Call, str] | None:
    """What a call reads a file with, by its full name, and the call with what a `partial` gives besides."""
    for value in meant(module, call.func):
        if isinstance(value, ast.Call) and last_name(value.func) == "partial" and value.args:
            name = module.full_name(value.args[0])
            if name in KNOWN:
                return joined(module, call, value), name
        entries = meant(module, value) if isinstance(value, ast.Subscript) else either(value)
        for one in entries:  # `read = READERS[suffix]`
            name = module.full_name(one) if isinstance(one, ast.Name | ast.Attribute) else ""
            if name in KNOWN - {"open", "io.open"}:
                return call, name
    return None


def meant(module: Module, func: ast.expr) -> list[ast.expr]:
    """What the code gives a name, an attribute of the object or the entries of a table, of which one is called."""
    if isinstance(func, ast.Name):
        if func.id not in module.given and not is_parameter(module, func):
            return []
        functions = (holder for holder in module.enclosing(func) if is_function(holder))
        defaults = [value for value in (default_of(one, func.id) for one in functions) if value is not None]
        if is_parameter(module, func):
            return defaults
        scopes = {id(module.scope(func)), *map(id, module.enclosing(func))}
        values = module.given[func.id][:MOST]
        return [value for value in values if id(module.scope(value)) in scopes or is_of_module(module, value)]
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("self", "cls"):
        kept = module.kept.get(f"{func.value.id}.{func.attr}", [])
        return (kept or static(module, func))[:MOST]
    if isinstance(func, ast.Subscript) and isinstance(func.value, ast.Name):
        tables = module.given.get(func.value.id, [])[:MOST]
        return [value for table in tables if isinstance(table, ast.Dict) for value in table.values]
    return []


def static(module: Module, func: ast.Attribute) -> list[ast.expr]:
    """What the body of a class gives its objects as it is: `np.load` of `reader = staticmethod(np.load)`.

    A field with a type is one of a data class, and a `partial` takes no object either.
    """
    values = module.given.get(func.attr, [])
    holder = next((one for one in module.enclosing(func) if isinstance(one, ast.ClassDef)), None) if values else None
    body = holder.body if holder else []
    own = [value for value in values if module.parents.get(value) in body]
    fields = [value for value in own if isinstance(module.parents[value], ast.AnnAssign)]
    calls = [value for value in own if isinstance(value, ast.Call)]
    fields += [value for value in calls if last_name(value.func) == "partial"]
    return fields + [value.args[0] for value in calls if dotted(value.func) == "staticmethod" and len(value.args) == 1]


def is_of_module(module: Module, value: ast.expr) -> bool:
    """Whether a value is given outside of every function."""
    return not is_function(module.scope(value))


def either(value: ast.expr) -> list[ast.expr]:
    """The value, or both that a condition chooses from."""
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def joined(module: Module, call: ast.Call, made: ast.Call) -> ast.Call:
    """A call with what `partial(function, ...)` gives besides, in the place of the call."""
    named = {item.arg for item in call.keywords}
    besides = [item for item in made.keywords if item.arg not in named]
    whole = instead(module, call, [*made.args[1:], *call.args], [*call.keywords, *besides])
    module.derived.setdefault("said in partials", {})[whole] = made.lineno
    return whole


def spread(module: Module, call: ast.Call) -> ast.Call:
    """A call with its path first, and the options of its `**table` one by one, where the code writes all of these."""
    known: list[ast.keyword] = []
    for item in call.keywords:
        pairs = [item] if item.arg is not None else written(module, item.value)
        if pairs is None:
            return call
        known += pairs
    path = next((item for item in known if item.arg in PATHS), None) if not call.args else None
    if path is None and not has_unpacked_keywords(call):
        return call
    return instead(module, call, [path.value] if path else call.args, [item for item in known if item is not path])


def written(module: Module, table: ast.expr) -> list[ast.keyword] | None:
    """The entries of a table that one assignment writes out and nothing changes; None of any other."""
    if isinstance(table, ast.Name):
        values = module.given.get(table.id, [])
        scope = module.scope(table)
        inside = [value for value in values if module.scope(value) is scope]
        values = inside or [value for value in values if is_of_module(module, value)]
        if (
            len(values) != 1
            or is_parameter(module, table)
            or (id(module.scope(values[0])), table.id) in changed(module)
        ):
            return None
        table = values[0]
    if isinstance(table, ast.Call) and last_name(table.func) == "dict" and not table.args:
        return table.keywords if all(item.arg for item in table.keywords) else None
    if not isinstance(table, ast.Dict) or not all(map(text_of, filter(None, table.keys))) or None in table.keys:
        return None
    return [ast.keyword(text_of(key), value) for key, value in zip(table.keys, table.values, strict=True)]


def changed(module: Module) -> set[tuple[int, str]]:
    """Function and name of what gets other keys than it was written with."""
    if "changed tables" not in module.derived:
        stores = module.of(ast.Subscript)
        tables = [node.value for node in stores if not isinstance(node.ctx, ast.Load)]
        methods = (call.func for _, call, _ in module.calls if isinstance(call.func, ast.Attribute))
        tables += [func.value for func in methods if func.attr in CHANGES]
        module.derived["changed tables"] = {(id(module.scope(one)), last_name(one)) for one in tables}
    found: set[tuple[int, str]] = module.derived["changed tables"]
    return found


def said_at(module: Module, call: ast.Call) -> int:
    """The line that says how a file is read: of a call of what a `partial` gave, that one."""
    lines: dict[ast.Call, int] = module.derived.get("said in partials", {})
    return call.lineno if module.is_notebook else lines.get(call, call.lineno)


def instead(module: Module, call: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.Call:
    """A call that stands where another does, and is given something else."""
    made = ast.copy_location(ast.Call(call.func, args, keywords), call)
    module.parents[made] = module.parents[call]
    return made
