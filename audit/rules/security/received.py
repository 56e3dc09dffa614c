"""Where the parts of a list, of several lists side by side, and the parameters of a worker come from."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from audit.rules.code import Function, Module, called, dotted, is_constant, is_function, keyword, last_name
from audit.rules.values import bound

FILLS = {"extend", "extendleft", "insert", "appendleft", "append"}  # by what else than one appended part is not known
STARTS = ("submit", "apply", "apply_async", "run_in_executor", "start_new_thread", "spawn")


def filled(module: Module, name: ast.Name | ast.Attribute, given: Sequence[ast.expr | None]) -> list[ast.expr | None]:
    """What a name is given, and what is put in it where it begins as an empty list; never that it is None at first."""
    values = [value for value in given if not is_constant(value, None)]
    if any(map(is_empty, values)):
        values = [*(value for value in values if not is_empty(value)), *appended(module).get(dotted(name), [])]
    return values


def is_empty(value: ast.expr | None) -> bool:
    """`[]`, `list()`."""
    if isinstance(value, ast.Call):
        return last_name(value.func) in ("list", "deque") and not value.args
    return isinstance(value, ast.List) and not value.elts


def appended(module: Module) -> dict[str, list[ast.expr | None]]:
    """`self.states` -> what `self.states.append(…)` puts in it anywhere in the module, but for the constant None.

    None stands for what is put in it otherwise: `extend()`, `insert()`, `+=`, `self.states[0] = …`.
    """
    if "appended" not in module.derived:
        rows: dict[str, list[ast.expr | None]] = defaultdict(list)
        for _, call, _ in module.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in FILLS:
                known = call.func.attr == "append" and len(call.args) == 1
                parts = [one for one in call.args if not is_constant(one, None)] if known else [None]
                rows[dotted(call.func.value)] += parts
        for node in module.of(ast.AugAssign, ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
            for to in targets:
                changed = to.value if isinstance(to, ast.Subscript) else to if isinstance(node, ast.AugAssign) else None
                if isinstance(changed, ast.Name | ast.Attribute):
                    rows[dotted(changed)].append(None)
        module.derived["appended"] = rows
    found: dict[str, list[ast.expr | None]] = module.derived["appended"]
    return found


def received(module: Module, name: ast.Name) -> Iterator[ast.expr | None]:
    """What the lists hold that a loop goes through side by side, else what a worker is started with."""
    for holder in module.enclosing(name):
        for loop in getattr(holder, "generators", [holder]):
            if isinstance(loop, ast.For | ast.comprehension) and isinstance(loop.target, ast.Tuple):
                places = [number for number, one in enumerate(loop.target.elts) if dotted(one) == name.id]
                if places:
                    yield side_by_side(loop.iter, places[0])
                    return
        if is_function(holder):
            yield from started_with(module, holder, name.id)
            return


def side_by_side(source: ast.expr, place: int) -> ast.expr | None:
    """The list of which `zip(names, states)` or `enumerate(states)` gives the parts at one place."""
    if not isinstance(source, ast.Call):
        return None
    if last_name(source.func) == "enumerate":
        return source.args[0] if place == 1 and source.args else None
    return part(source.args, place) if last_name(source.func) == "zip" else None


def started_with(module: Module, function: Function, name: str) -> list[ast.expr | None]:
    """What `Process(target=function, args=(…))` and `pool.submit(function, …)` give a parameter, and plain calls."""
    names = [part.arg for part in (*function.args.posonlyargs, *function.args.args)]
    place = names.index(name) - (names[0] in ("self", "cls")) if name in names else -1
    started, plain = [], []
    for _, call, _ in module.calls if place >= 0 else ():
        worker = keyword(call, "target") or next(iter(call.args if called(call) in STARTS else []), None)
        if worker is not None and last_name(worker) == function.name:
            started.append(part(handed_to(module, call), place))
        elif last_name(call.func) == function.name:
            plain.append(part(call.args, place) or keyword(call, name))
    return [*started, *plain] if started else []


def handed_to(module: Module, call: ast.Call) -> Sequence[ast.expr]:
    """What a call that starts a worker hands to it: `args=(…)`, a tuple, or one after the other."""
    given = call.args[1:]
    row = keyword(call, "args") or (given[0] if given and called(call).startswith("apply") else None)
    row = next(iter(bound(module, row)), None) if isinstance(row, ast.Name) else row
    return row.elts if isinstance(row, ast.Tuple | ast.List) else given


def part(row: Sequence[ast.expr], place: int) -> ast.expr | None:
    """What stands at a place."""
    return row[place] if place < len(row) else None
