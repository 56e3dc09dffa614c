"""Tables of the code that are put together with others, or that stand in where a configuration says nothing."""

import ast
from collections.abc import Iterable, Iterator

from audit.rules.code import Module, dotted, last_name, text_of
from audit.rules.configuration.loading import MOST
from audit.rules.configuration.written import is_value, pairs_of
from audit.trees import inside, lines_of, walk

JOINING: set[type[ast.AST]] = {  # kinds of nodes that put tables together, or let one stand in
    ast.Call, ast.Dict, ast.BinOp, ast.AugAssign, ast.BoolOp, ast.IfExp, ast.If, ast.For, ast.comprehension,
}  # fmt: skip
# Functions that put another table over the first, search in it, or write it into a file.
JOINS = {
    "merge", "unsafe_merge", "update", "ChainMap", "deepcopy", "copy", "dump", "dumps", "safe_dump",
    "ParameterGrid", "GridSearchCV", "RandomizedSearchCV", "setattr", "merge_with", "from_dict",
}  # fmt: skip
SEARCHES = {"ParameterGrid", "ParameterSampler", "range", "product"}  # what a loop over values goes through
FALLS_BACK = {"get", "pop", "getattr", "setdefault", "add_argument"}  # on a value of the table
FILLS = {"setdefault", "get", "add_argument", "set_defaults"}  # what a loop over defaults does with each


def is_joined(module: Module, name: str) -> bool:
    """Whether the table is one of defaults over which another is put, or one that is searched or written down."""
    if "joined" not in module.derived:
        module.derived["joined"] = set(joined(module))
    return name in module.derived["joined"]


def joined_elsewhere(every: Iterable[Module]) -> set[str]:
    """Names of tables that are put together with others in a module that imports them."""
    found: set[str] = set()
    for module in every:
        taken = {alias.asname or alias.name: alias.name for node in module.of(ast.ImportFrom) for alias in node.names}
        is_joined(module, "")
        names: set[str] = module.derived["joined"]
        found.update(taken[name] for name in names & taken.keys())
        found.update(name for name in names if name.isupper() and name not in module.given)
    return found


def joined(module: Module) -> Iterator[str]:
    """Names of tables that are put together with others."""
    for node in module.of(*JOINING):
        if isinstance(node, ast.Call):
            name = last_name(node.func) or dotted(node.func)
            given = [*node.args, *(item.value for item in node.keywords)]
            if name in JOINS:
                yield from map(last_name, given)
                yield from (chosen_in(module, value) for value in given)
                yield from [last_name(node.func.value)] if isinstance(node.func, ast.Attribute) else []
            elif name in FALLS_BACK:
                entries = (value for value in given if isinstance(value, ast.Subscript | ast.Attribute))
                yield from (last_name(entry.value) for entry in entries)
                yield from map(last_name, given[1:])
            yield from (last_name(i.value) for i in node.keywords if i.arg is None and name in ("dict", "set_defaults"))
        elif isinstance(node, ast.Dict):
            spread = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
            yield from (chosen_in(module, value) for value in spread[1:])
            if spread and not is_varied(module, node, spread[0]):
                yield from map(last_name, spread)
        elif isinstance(node, ast.BinOp):
            yield from (last_name(node.left), last_name(node.right)) if isinstance(node.op, ast.BitOr) else ()
        elif isinstance(node, ast.AugAssign):
            yield from [chosen_in(module, node.value)] if isinstance(node.op, ast.BitOr) else ()
        else:
            yield from stands_in(node)


def chosen_in(module: Module, node: ast.expr) -> str:
    """The name of a table of which the entry that a run asks for is taken: `TABLE[name]`, `TABLE.get(name)`, or "".

    What is put over a configuration changes it, and is no second one.
    """
    given = module.given.get(node.id, []) if isinstance(node, ast.Name) else [node]
    for value in given[:MOST]:
        if isinstance(value, ast.Subscript) and not text_of(value.slice):
            return last_name(value.value)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
            return "" if any(map(text_of, value.args[:1])) else last_name(value.func.value)
    return ""


def stands_in(node: ast.AST) -> Iterator[str]:
    """Names of tables that are taken where nothing else is given: `given or TABLE`, `if given is None: …`."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        yield from map(table_in, node.values[1:])
    elif isinstance(node, ast.IfExp):
        yield from (table_in(part) for part in (node.body, node.orelse)) if asks_whether(node.test) else ()
    elif isinstance(node, ast.If) and asks_whether(node.test):
        lines = lines_of(node)
        yield from (table_in(line.value) for line in lines if isinstance(line, ast.Assign))
        yield from (table_in(line.value) for line in lines if isinstance(line, ast.Return) and line.value is not None)
    elif isinstance(node, ast.For | ast.comprehension):
        call = node.iter.func if isinstance(node.iter, ast.Call) else None
        over = last_name(call.value if isinstance(call, ast.Attribute) else node.iter)
        below = [part for line in getattr(node, "body", ()) for part in inside(line)] if over else []
        fills = (isinstance(part, ast.Call) and last_name(part.func) in FILLS for part in below)
        lacking = (isinstance(part, ast.If) and asks_whether(part.test) for part in below)
        yield from [over] if any(fills) or any(lacking) else []


def asks_whether(test: ast.expr) -> bool:
    """Whether a condition asks if something is there: `x is None`, `"a" in b`, `not x`, `path.exists()`."""
    for node in walk(test).nodes:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
            return "argv" not in map(last_name, node.comparators)
        if isinstance(node, ast.Call) and last_name(node.func) in ("exists", "is_file", "isfile", "hasattr"):
            return True
    return isinstance(test, ast.UnaryOp | ast.Name | ast.Attribute)


def table_in(node: ast.expr) -> str:
    """The name of a table, of which an entry may be taken, or that may be copied; "" for anything else."""
    if isinstance(node, ast.Call):
        inner = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        return table_in(inner) if inner is not None and not isinstance(inner, ast.Call) else ""
    return last_name(node.value if isinstance(node, ast.Subscript) else node)


def filled_in(module: Module, name: str) -> set[str]:
    """Keys of entries of a table that are given something else than a constant: `HP["lr"] = args.lr`."""
    if "filled_in" not in module.derived:
        found: dict[str, set[str]] = {}
        for _, node in module.statements():
            if isinstance(node, ast.Assign) and not is_value(node.value):
                for to in node.targets:
                    if isinstance(to, ast.Subscript):
                        found.setdefault(last_name(to.value), set()).add(text_of(to.slice).lower())
                    elif isinstance(to, ast.Attribute):
                        found.setdefault(last_name(to.value), set()).add(to.attr.lower())
        module.derived["filled_in"] = found
    keys: dict[str, set[str]] = module.derived["filled_in"]
    return keys.get(name, set())


def is_varied(module: Module, table: ast.Dict, base: ast.expr) -> bool:
    """Whether constants, or what a search goes through, are put over a table, or only beside it: as fixed as it is.

    `{**BASE, "seed": 1}`, `{**BASE, **params}` for each `params` of a grid; `{**BASE, "seed": seed}`: BASE has none.
    """
    over = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if value is not base]
    if not over:
        return False
    known = {key for value in module.given.get(last_name(base), ()) for key, _ in pairs_of(value)}
    if known and all(key is not None and text_of(key).lower() not in known for key, _ in over):
        return True
    searched = {
        holder.target.id
        for holder in module.enclosing(table)
        if isinstance(holder, ast.For) and isinstance(holder.target, ast.Name)
        if isinstance(holder.iter, ast.Call) and last_name(holder.iter.func) in SEARCHES
    }
    return all(is_value(value) or (isinstance(value, ast.Name) and value.id in searched) for _, value in over)
