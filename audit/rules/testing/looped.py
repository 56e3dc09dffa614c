"""Metrics of one batch of a loop, or of its first ones, that pass for metrics of all of them."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from audit.model import Finding, found
from audit.rules.code import Module, called, is_function, last_name
from audit.rules.testing import partial as whole
from audit.rules.testing.batches import (
    BATCHES,
    HELD_OUT,
    after,
    batch_of,
    counters_of,
    cuts,
    first_batch_of,
    is_by_size,
    is_over_all,
    is_over_batches,
    limits,
    next_of,
    roots_of,
    trains,
)
from audit.rules.testing.narrowed import narrowing_of
from audit.rules.testing.partial import PARTIAL, compared, is_a_metric, is_called_metric, is_condition, named, says_so
from audit.rules.testing.parts import names_of, whole_number
from audit.rules.testing.words import COUNTED, JUDGES, LOOKS, LOSS, METRIC, SAYS_SO
from audit.target import Piece

TELLS = ("print", "info", "debug", "set_postfix", "set_description", "write", "add_scalar", "log", "set_postfix_str")
METERED = {"compute", "result", "reset", "aggregate", "avg", "global_avg"}  # of what keeps count by itself
LOOPS = ast.For | ast.AsyncFor
OF_ALL = re.compile(r"\b(all|every|whole|entire|full)\b", re.I)  # said of what is gone through
COUNTS = {"sum", "item", "mean", "count_nonzero", "numpy", "float", "int", "cpu", "len"}


def looped(module: Module) -> Iterator[Finding]:
    """A metric of the last batch of a loop, of the first one, or of the first ones, with no word of it."""
    for piece, node in module.statements():
        if isinstance(node, LOOPS):
            if is_over_batches(module, node):
                text = f"the last batch of the loop in line {node.lineno}"
                yield from one_batch(module, piece, node, left_by(node), text)
                yield from overwritten(module, piece, node)
                yield from first_batches(module, piece, node)
                yield from only_round(module, piece, node)
            elif is_by_size(node):
                text = f"the last batch of the loop in line {node.lineno}"
                yield from one_batch(module, piece, node, left_by(node) - set(names_of(node.target)), text)
            else:
                yield from first_samples(module, piece, node)
                if judged(module, node) and is_over_all(module, node):
                    yield from first_batches(module, piece, node)
        elif isinstance(node, ast.Assign) and is_judged_first(module, node):
            yield from one_batch(module, piece, node, names_of(node.targets[0]), "the first batch")
    yield from first_listed(module)


def is_judged_first(module: Module, node: ast.Assign) -> bool:
    """`next(iter(loader))` of held-out data, or where something judges."""
    now_and_then = isinstance(module.parents[node], ast.If)
    loader = first_batch_of(node.value) or (next_of(narrowing_of(module), node.value) if now_and_then else "")
    return bool(loader) and (HELD_OUT.search(loader) is not None or judged(module, node))


def judged(module: Module, node: ast.AST) -> bool:
    """Whether the function around is called what measures, by a metric's name or as an evaluation."""
    function = module.scope(node)
    return is_function(function) and bool(METRIC.match(function.name) or JUDGES.match(function.name))


def left_by(loop: ast.For | ast.AsyncFor) -> set[str]:
    """What a loop calls its batch, and what it makes of it in each round anew."""
    batch = set(names_of(batch_of(loop)))
    for line in steps(loop.body):
        if isinstance(line, ast.Assign) and not batch.isdisjoint(used := set(names_of(line.value))):
            whole = [target for target in line.targets if not isinstance(target, ast.Subscript)]  # not `out[i:j] = ...`
            made = {one.id for target in whole for one in ast.walk(target) if isinstance(one, ast.Name)}
            batch |= made if made.isdisjoint(used) else set()
    return batch


def one_batch(module: Module, piece: Piece, start: ast.stmt, names: Iterable[str], which: str) -> Iterator[Finding]:
    """A metric of one batch: behind a loop over batches of what it leaves, its last one; or of the first."""
    batch = set(names)
    for following in after(module, start):
        if not (isinstance(following, ast.Assign) and not batch.isdisjoint(names_of(following.value))):
            stored = [node for node in ast.walk(following) if isinstance(node, ast.Name)]
            batch -= {node.id for node in stored if isinstance(node.ctx, ast.Store)}  # by the next loop, a list's cat()
        elif isinstance(following.value, ast.Name):  # `logits, y = last`
            batch |= {node.id for node in ast.walk(following.targets[0]) if isinstance(node, ast.Name)}
        for inner in ast.walk(following):
            name, pair = compared(inner)
            used = {word for argument in pair for word in names_of(argument)}
            if batch.isdisjoint(used) or name == "zip" or is_condition(module, inner):
                continue
            of_samples = name == "equality" and not any(
                isinstance(one, ast.Call) and called(one) == "len" for one in pair
            )
            if not (of_samples or METRIC.match(name) or is_a_metric(module, inner, name)):
                continue
            if any(LOOKS.search(named(each)) for each in ast.walk(following)):
                continue  # a picture of it
            said = piece.line(start.lineno) if isinstance(start, ast.Assign) else ""
            line = getattr(inner, "lineno", following.lineno)
            if not (SAYS_SO.search(said) or says_so(module, piece, inner, line - 1, line)):
                place = start.lineno if isinstance(start, ast.Assign) else line
                yield found(PARTIAL, piece.at(place), f"{name} of {which}", piece.line(place)[:120])
                return


def overwritten(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`acc = accuracy(out, y)` in each round, nothing made of it there, and told behind the loop: the last one's."""
    held_out = any(map(HELD_OUT.search, names_of(loop.iter)))
    behind = [(each, set(names_of(each))) for each in after(module, loop)]
    for line in steps(loop.body) if behind else ():
        if not isinstance(line, ast.Assign):
            continue
        for target in getattr(line.targets[0], "elts", [line.targets[0]]):
            if not isinstance(target, ast.Name):
                continue
            following = [each for each, names in behind if target.id in names]
            if not following:
                continue
            name = measured(line.value, target.id, held_out) or counted(module, loop, line, target.id, following)
            if not name or is_used(loop, line, target.id) or keeps_count(module, loop):
                continue
            if stored_before(following, target.id):
                continue
            said = any(SAYS_SO.search(piece.line(each.lineno)) for each in following)
            if not (said or says_so(module, piece, line, line.lineno - 1, line.lineno)):
                message = f"{name} of the last batch of the loop in line {loop.lineno}"
                yield found(PARTIAL, piece.at(line.lineno), message, piece.line(line.lineno)[:120])
                return


def steps(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that each round of a loop goes through, also those in a `with`."""
    for line in body:
        yield line
        if isinstance(line, ast.With):
            yield from steps(line.body)


def measured(value: ast.expr, target: str, held_out: bool) -> str:
    """By what a value is worked out, if that is a metric; a loss is one on held-out data."""
    for inner in ast.walk(value):
        name, pair = compared(inner)
        if len(pair) != 2:
            continue
        if METRIC.match(name) or (METRIC.match(target) and not LOSS.search(target)):
            return name
        if name == "equality" and is_called_metric(target):
            return name
        if held_out and LOSS.search(name) and LOSS.search(target):
            return name
    return ""


def counted(
    module: Module, loop: ast.For | ast.AsyncFor, line: ast.Assign, target: str, following: list[ast.stmt]
) -> str:
    """What is counted in each round anew, though it was put to 0 before the loop to be added to."""
    value = line.value
    if not (isinstance(value, ast.BinOp) or (isinstance(value, ast.Call) and called(value) in COUNTS)):
        return ""
    shared = [one.left for each in following for one in ast.walk(each) if is_share(one)]
    if not (COUNTED.search(target) or any(target in set(names_of(left)) for left in shared)):
        return ""
    if left_by(loop).isdisjoint(names_of(value)):
        return ""
    scope = module.scope(loop)
    given = [one for one in narrowing_of(module).values.get(target, ()) if one[0].lineno < loop.lineno]
    start = next((value for name, value, _ in reversed(given) if module.scope(name) is scope), None)
    return target if isinstance(start, ast.Constant) and start.value == 0 else ""


def is_share(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """`total / n`."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def stored_before(following: list[ast.stmt], name: str) -> bool:
    """Whether a name is given something else before it is read; the statements all name it."""
    words = [one for one in ast.walk(following[0]) if isinstance(one, ast.Name) and one.id == name]
    return isinstance(following[0], LOOPS) or not any(isinstance(one.ctx, ast.Load) for one in words)


def is_used(loop: ast.For | ast.AsyncFor, given: ast.stmt, name: str) -> bool:
    """Whether the loop makes something of a value in each round, other than to tell it."""
    for line in loop.body:
        quiet: set[int] = set()
        for inner in ast.walk(line):
            if isinstance(inner, ast.Call) and called(inner) in TELLS:
                quiet.update(map(id, ast.walk(inner)))
            if not isinstance(inner, ast.Name) or inner.id != name:
                continue
            if isinstance(inner.ctx, ast.Load) and id(inner) not in quiet:
                return True
            if isinstance(inner.ctx, ast.Store) and inner.lineno != given.lineno:
                return True
    return False


def keeps_count(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether something that the loop uses is asked for what it has kept count of."""
    asked = (one for one in ast.walk(module.scope(loop)) if isinstance(one, ast.Attribute) and one.attr in METERED)
    within = set(names_of(loop))
    return any(last_name(one.value) in within for one in asked)


def evaluates(module: Module, place: ast.AST, through: ast.expr) -> bool:
    """Whether something goes through held-out data, or where something judges; also by what a name stands for.

    The lines of two cells cannot be compared: in a notebook a name stands for all that it is given.
    """
    if judged(module, place) or any(map(HELD_OUT.search, names_of(through))):
        return True
    if not module.is_notebook or is_function(module.scope(place)):
        return any(map(HELD_OUT.search, roots_of(narrowing_of(module), through)))
    given = (value for name in names_of(through) for value in module.given.get(name, ()))
    return any(map(HELD_OUT.search, (name for value in given for name in names_of(value))))


def is_of_all(module: Module, place: ast.AST) -> bool:
    """Whether the function around says in one line that it goes through all there is, or is called a metric."""
    function = module.scope(place)
    if not is_function(function):
        return False
    summary = (ast.get_docstring(function) or "").partition("\n")[0]
    return bool(OF_ALL.search(summary) or METRIC.match(function.name))


def first_batches(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`if step == 20: break`, or islice(loader, 20), in a loop that measures on held-out data, or on all."""
    ends = list(limits(module, loop, {name for name in counters_of(loop) if not COUNTED.search(name)}))
    if not ends or trains(loop):
        return
    measuring = measures(loop) or is_measured_later(module, loop)
    if not (is_of_all(module, loop) or (measuring and evaluates(module, loop, loop.iter))):
        return
    for place, text in ends:
        if not says_so(module, piece, loop, loop.lineno - 1, place.lineno + 1):
            message = f"measured until `{text}`, not on all of {ast.unparse(loop.iter)[:60]}"
            yield found(PARTIAL, piece.at(place.lineno), message, piece.line(place.lineno)[:120])


def is_measured_later(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a metric is worked out of what a loop collects."""
    kept = counters_of(loop)
    for call in ast.walk(module.scope(loop)):
        if not isinstance(call, ast.Call) or call.lineno <= (loop.end_lineno or 0):
            continue
        names = [called(call), *(last_name(one) for one in [getattr(call.func, "value", None)] if one is not None)]
        if any(map(METRIC.match, names)) and not kept.isdisjoint(names_of(call)):
            return True
    return False


def first_listed(module: Module) -> Iterator[Finding]:
    """`mean(dice(net(x), y) for x, y in islice(loader, 20))`."""
    if not any("islice" in piece.text or ".take(" in piece.text for piece in module.pieces):
        return
    for piece, node in module.places(ast.GeneratorExp, ast.ListComp):
        if not isinstance(node, ast.GeneratorExp | ast.ListComp):
            continue
        part = node.generators[0].iter
        cut = next(cuts(module, part), "")
        if not cut or not any(map(METRIC.match, names_of(node.elt))) or not evaluates(module, node, part):
            continue
        if not says_so(module, piece, node, node.lineno - 1, node.lineno):
            yield found(PARTIAL, piece.at(part.lineno), f"measured on `{cut}` alone", piece.line(part.lineno)[:120])


def only_round(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """A loop over batches that measures the first one and ends: with `break`, or `return`, whatever happens."""
    last = loop.body[-1]
    if not isinstance(last, ast.Break | ast.Return) or trains(loop) or not evaluates(module, loop, loop.iter):
        return
    inside = [inner for line in loop.body for inner in ast.walk(line)]
    if any(isinstance(inner, ast.Continue | ast.For | ast.While) or LOOKS.search(named(inner)) for inner in inside):
        return
    worked_out = (compared(inner) for inner in inside if not is_condition(module, inner))
    names = [name for name, pair in worked_out if len(pair) == 2 and (METRIC.match(name) or name == "equality")]
    if names and not says_so(module, piece, loop, loop.lineno - 1, last.lineno + 1):
        message = f"{names[0]} of the first batch of {ast.unparse(loop.iter)[:60]}"
        yield found(PARTIAL, piece.at(last.lineno), message, piece.line(last.lineno)[:120])


def measures(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop works out a metric or counts what is right."""
    return any(is_called_metric(name) for part in loop.body for name in names_of(part))


def first_samples(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`for i in range(10)`: `x, y = test_set[i]`, and a metric is added up."""
    limit = loop.iter.args if isinstance(loop.iter, ast.Call) and called(loop.iter) == "range" else []
    if len(limit) != 1 or (whole_number(limit[0]) or 0) < 1 or not isinstance(loop.target, ast.Name):
        return
    source = by_number(module, loop) or by_next(module, loop)
    if not source:
        return
    adds = [inner for line in loop.body for inner in ast.walk(line) if isinstance(inner, ast.AugAssign)]
    kept = [one for line in loop.body for one in ast.walk(line) if isinstance(one, ast.Call)]
    kept = [one for one in kept if called(one) == "append" and any(METRIC.match(name) for name in names_of(one))]
    if not (kept or any(is_called_metric(last_name(one.target)) or whole.adds_metric(one.value) for one in adds)):
        return
    around = [holder for holder in module.enclosing(loop) if is_function(holder)]
    if any(LOOKS.search(named(holder)) for holder in around):
        return
    if not says_so(module, piece, loop, loop.lineno - 1, loop.lineno):
        message = f"measured on the first {ast.unparse(limit[0])} of {source}"
        yield found(PARTIAL, piece.at(loop.lineno), message, piece.line(loop.lineno)[:120])


def by_number(module: Module, loop: ast.For | ast.AsyncFor) -> str:
    """The held-out data of which a loop takes one sample after the other by its number, or what a judge is given."""
    taken = [inner for line in loop.body for inner in ast.walk(line) if isinstance(inner, ast.Subscript)]
    number = last_name(loop.target)
    names = [last_name(one.value) for one in taken if isinstance(one.slice, ast.Name) and one.slice.id == number]
    judges = judged(module, loop)
    return next((name for name in names if is_set(name) and (judges or HELD_OUT.search(name))), "")


def is_set(name: str) -> bool:
    """Whether something is called a set of samples."""
    return bool(BATCHES.search(name)) or name.endswith("set")


def by_next(module: Module, loop: ast.For | ast.AsyncFor) -> str:
    """The held-out loader of which a loop takes one batch after the other with next()."""
    for line in loop.body:
        for call in ast.walk(line):
            if not isinstance(call, ast.Call) or called(call) not in ("next", "get_next"):
                continue
            of = call.func.value if isinstance(call.func, ast.Attribute) else [*call.args, None][0]
            given = narrowing_of(module).value_of(of) if isinstance(of, ast.Name) else None
            through = given[0] if given else None
            if not (isinstance(through, ast.Call) and called(through) == "iter" and through.args):
                continue
            names = [name for name in names_of(through.args[0]) if BATCHES.search(name)]
            if names and evaluates(module, loop, through.args[0]):
                return names[0]
    return ""
