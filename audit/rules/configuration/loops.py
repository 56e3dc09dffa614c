"""What loops do with the tables that they go through, and tables that loops and searches make."""

import ast
from collections.abc import Collection, Iterator

from audit.rules.code import Module, called, dotted, text_of
from audit.rules.configuration.transfers import AROUND, COLLECTS, CONVERTS, MERGING, SHOWS, is_idle, mentions, pair_of

SETS = {"difference", "issubset", "issuperset", "intersection", "symmetric_difference", "union", "isdisjoint"}
FOUND = "best_"  # begins the names of what a search has found


def is_shown(module: Module, call: ast.Call) -> bool:
    """Whether `config.items()` is gone through by a loop that uses nothing of what is in it."""
    holder = module.parents.get(call)
    if isinstance(holder, ast.Call) and called(holder) in AROUND:
        holder = module.parents.get(holder)
    return isinstance(holder, ast.For | ast.comprehension) and uses_none(module, holder)


def uses_none(module: Module, loop: ast.For | ast.comprehension) -> bool:
    """Whether a loop only hands entries on, checks their keys, or asks the tables among them by theirs."""
    idle = is_idle(module, loop) if isinstance(loop, ast.For) else copies(module, loop) or is_told(module, loop)
    return idle or asks_each(module, loop) or checks_keys(module, loop)


def is_told(module: Module, loop: ast.comprehension) -> bool:
    """Whether what a comprehension gives is only shown: `print(", ".join(f"{key}={value}" for key, value in ...))`."""
    node: ast.AST = module.parents[loop]
    for holder in module.enclosing(node):
        if isinstance(holder, ast.Call) and node is not holder.func and called(holder) not in ("join", "sorted"):
            return called(holder) in SHOWS
        if not isinstance(holder, ast.Call | ast.JoinedStr | ast.FormattedValue):
            return isinstance(holder, ast.Raise)
        node = holder
    return False


def copies(module: Module, loop: ast.comprehension) -> bool:
    """Whether a comprehension does the same: `{key: convert(value) for key, value in table.items() if key in known}`.

    A row goes through the function that holds it: `[convert(item) for item in row]`.
    """
    holder = module.parents.get(loop)
    if not isinstance(holder, ast.DictComp | ast.ListComp | ast.GeneratorExp) or len(holder.generators) > 1:
        return False
    function = getattr(module.scope(holder), "name", "")
    if not isinstance(holder, ast.DictComp):
        made = holder.elt if isinstance(holder.elt, ast.Call) else None
        return made is not None and called(made) == function != "" and stays(made, dotted(loop.target), {function})
    pair = list(map(dotted, getattr(loop.target, "elts", ())))
    if len(pair) != 2 or not isinstance(loop.iter, ast.Call) or called(loop.iter) != "items":
        return False
    asked = {dotted(node) for test in loop.ifs for node in ast.walk(test) if isinstance(node, ast.Name)}
    same = mentions(holder.key, {pair[0]}) and (pair[1] not in asked or all(map(asks_nothing, loop.ifs)))
    return same and stays(holder.value, pair[1], {*CONVERTS, *MERGING, function})


def asks_nothing(test: ast.expr) -> bool:
    """`value is not None`."""
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.IsNot)


def stays(node: ast.expr, name: str, allowed: Collection[str]) -> bool:
    """Whether an expression is what a name stands for, or what a function that only converts makes of it."""
    if isinstance(node, ast.IfExp):
        return stays(node.body, name, allowed) and stays(node.orelse, name, allowed)
    if isinstance(node, ast.Call) and called(node) in allowed:
        given = [*node.args, *(item.value for item in node.keywords)]
        return any(isinstance(item, ast.Name) and item.id == name for item in given)
    if isinstance(node, ast.ListComp):
        inner = dotted(node.generators[0].target)
        return dotted(node.generators[0].iter) == name and stays(node.elt, inner, allowed)
    return isinstance(node, ast.Name) and node.id == name


def is_compared(module: Module, call: ast.Call) -> bool:
    """Whether the keys of a table are only compared with those that are known: `set(table) - known`."""
    keys = called(call) == "keys" or (called(call) in ("set", "frozenset") and len(call.args) == 1)
    holder = module.parents.get(call)
    if not keys:
        return False
    if isinstance(holder, ast.Call) and called(holder) in ("set", "frozenset", "list", "sorted"):
        return is_compared(module, holder) if called(holder) in ("set", "frozenset") else False
    if isinstance(holder, ast.Attribute):
        return holder.attr in SETS
    if isinstance(holder, ast.BinOp):
        return isinstance(holder.op, ast.Sub | ast.BitAnd | ast.BitXor)
    return isinstance(holder, ast.Compare) or (isinstance(holder, ast.Call) and called(holder) in SETS)


def checks_keys(module: Module, loop: ast.For | ast.comprehension) -> bool:
    """Whether a loop only looks for keys that nobody knows: `[key for key in table if key not in known]`."""
    if not isinstance(loop.target, ast.Name) or isinstance(loop.iter, ast.Call):
        return False
    name = loop.target.id
    if isinstance(loop, ast.comprehension):
        holder = module.parents.get(loop)
        return any(map(asks_for_key, loop.ifs)) and dotted(getattr(holder, "elt", loop.iter)) == name
    tests = [line for line in loop.body if isinstance(line, ast.If) and asks_for_key(line.test) and not line.orelse]
    inside = [line for test in tests for line in test.body]
    complains = (
        isinstance(line, ast.Raise | ast.Continue)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) and called(line.value) in SHOWS | COLLECTS)
        for line in inside
    )
    return bool(tests) and len(tests) == len(loop.body) and all(complains)


def asks_for_key(test: ast.expr) -> bool:
    """`key not in known`."""
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn)


def is_in_copy(module: Module, node: ast.AST, key: ast.expr) -> bool:
    """Whether an entry is asked for in a loop that only copies, by the loop's own key."""
    loops = (holder for holder in module.enclosing(node) if isinstance(holder, ast.For))
    named = (loop for loop in loops if dotted(key) in (pair_of(loop) or ("",))[:1])
    return any(is_idle(module, loop) for loop in named)


def is_of_row(module: Module, key: ast.expr) -> bool:
    """Whether a key is one of a row of texts that a loop goes through, all of which stand there: `for key in NAMES`."""
    for holder in module.enclosing(key) if isinstance(key, ast.Name) else ():
        for loop in getattr(holder, "generators", [holder]):
            if isinstance(loop, ast.For | ast.comprehension) and dotted(loop.target) == dotted(key):
                given = module.given.get(loop.iter.id, []) if isinstance(loop.iter, ast.Name) else [loop.iter]
                rows = [getattr(row, "elts", []) for row in given]
                return bool(rows) and all(row and all(map(text_of, row)) for row in rows)
    return False


def asks_each(module: Module, loop: ast.For | ast.comprehension) -> bool:
    """Whether a loop asks each table that it goes through for entries by their keys, and does nothing else with it."""
    pair = pair_of(loop)
    name = pair and (pair[1] or (pair[0] if not isinstance(loop.iter, ast.Call) else ""))
    if not name:
        return False
    holder = loop if isinstance(loop, ast.For) else module.parents.get(loop)
    inside = ast.walk(holder) if holder is not None else ()
    uses = [node for node in inside if isinstance(node, ast.Name) and node.id == name]
    asked = [node for node in uses if isinstance(node.ctx, ast.Load)]
    return bool(asked) and len(uses) == len(asked) + 1 and all(is_asked(module, node) for node in asked)


def is_asked(module: Module, table: ast.Name) -> bool:
    """`table["key"]`, `table.get("key")`."""
    holder = module.parents.get(table)
    if isinstance(holder, ast.Subscript):
        return holder.value is table and bool(text_of(holder.slice))
    call = module.parents.get(holder) if isinstance(holder, ast.Attribute) and holder.attr in ("get", "pop") else None
    return isinstance(call, ast.Call) and call.func is holder and any(map(text_of, call.args[:1]))


def is_new_table(node: ast.expr) -> bool:
    """`{"a": 1}`, `dict(a=1)`, `dict(zip(names, values))` and `study.best_params`, as searches make them."""
    if isinstance(node, ast.Attribute):
        return node.attr.startswith(FOUND)
    if isinstance(node, ast.DictComp):
        return called_zip(node.generators[0].iter)
    if isinstance(node, ast.Call) and dotted(node.func) == "dict":
        named = bool(node.keywords) and all(item.arg for item in node.keywords)
        return called_zip(node.args[0]) if len(node.args) == 1 and not node.keywords else named and not node.args
    return isinstance(node, ast.Dict) and None not in node.keys


def called_zip(node: ast.expr) -> bool:
    """`zip(names, values)`."""
    return isinstance(node, ast.Call) and dotted(node.func) == "zip"


def gone_through_in(module: Module, name: ast.Name) -> Iterator[ast.expr]:
    """The table that a loop goes through to give a name its values: `table` of `for key, name in table.items()`."""
    for holder in module.enclosing(name):
        loops = holder.generators if isinstance(holder, ast.ListComp | ast.GeneratorExp | ast.DictComp) else [holder]
        for loop in loops:
            if not isinstance(loop, ast.For | ast.comprehension):
                continue
            over = loop.iter
            if name.id in map(dotted, getattr(loop.target, "elts", [loop.target])):
                if not isinstance(over, ast.Call):
                    yield from () if isinstance(over, ast.List | ast.Tuple) else (over,)
                elif isinstance(over.func, ast.Attribute) and called(over) in ("items", "values"):
                    is_key = called(over) == "items" and dotted(getattr(loop.target, "elts", [over])[0]) == name.id
                    yield from () if is_key else (over.func.value,)
