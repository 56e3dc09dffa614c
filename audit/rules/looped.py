"""Metrics of one batch of a loop, or of its first ones, that pass for metrics of all of them."""

import ast
from collections.abc import Iterable, Iterator

from audit.model import Finding, found
from audit.rules.batches import (
    BATCHES,
    HELD_OUT,
    after,
    batch_of,
    counters_of,
    is_first_batch,
    is_over_batches,
    limits,
    trains,
)
from audit.rules.code import Module, is_function, last_name
from audit.rules.narrowed import called, names_of, whole_number
from audit.rules.partial import (
    JUDGES,
    LOOKS,
    LOSS,
    METRIC,
    PARTIAL,
    SAYS_SO,
    compared,
    is_a_metric,
    is_called_metric,
    is_condition,
    named,
    says_so,
)
from audit.target import Piece

TELLS = ("print", "info", "debug", "set_postfix", "set_description", "write", "add_scalar", "log", "set_postfix_str")
METERED = {"compute", "result", "reset", "aggregate", "avg", "global_avg"}  # of what keeps count by itself
LOOPS = ast.For | ast.AsyncFor


def looped(module: Module) -> Iterator[Finding]:
    """A metric of the last batch of a loop, of the first one, or of the first ones, with no word of it."""
    for piece, node in module.statements():
        if isinstance(node, LOOPS):
            if is_over_batches(module, node):
                text = f"the last batch of the loop in line {node.lineno}"
                yield from one_batch(module, piece, node, left_by(node), text)
                yield from overwritten(module, piece, node)
                yield from first_batches(module, piece, node)
            else:
                yield from first_samples(module, piece, node)
        elif isinstance(node, ast.Assign) and is_first_batch(node.value, judged(module, node)):
            yield from one_batch(module, piece, node, names_of(node.targets[0]), "the first batch")


def judged(module: Module, node: ast.AST) -> bool:
    """Whether the function around is called what measures, by a metric's name or as an evaluation."""
    function = module.scope(node)
    return is_function(function) and bool(METRIC.match(function.name) or JUDGES.match(function.name))


def left_by(loop: ast.For | ast.AsyncFor) -> set[str]:
    """What a loop calls its batch, and what it makes of it in each round anew."""
    batch = set(names_of(batch_of(loop)))
    for line in steps(loop.body):
        if isinstance(line, ast.Assign) and not batch.isdisjoint(used := set(names_of(line.value))):
            made = {one.id for target in line.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            batch |= made if made.isdisjoint(used) else set()
    return batch


def one_batch(module: Module, piece: Piece, start: ast.stmt, names: Iterable[str], which: str) -> Iterator[Finding]:
    """A metric of one batch: behind a loop over batches of what it leaves, its last one; or of the first."""
    batch = set(names)
    for following in after(module, start):
        if not (isinstance(following, ast.Assign) and not batch.isdisjoint(names_of(following.value))):
            stored = [node for node in ast.walk(following) if isinstance(node, ast.Name)]
            batch -= {node.id for node in stored if isinstance(node.ctx, ast.Store)}  # by the next loop, a list's cat()
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
            said = piece.line(start.lineno) if isinstance(start, ast.Assign) else ""
            line = getattr(inner, "lineno", following.lineno)
            if not (SAYS_SO.search(said) or says_so(module, piece, inner, line - 1, line)):
                yield found(PARTIAL, piece.at(line), f"{name} of {which}", piece.line(line)[:120])
                return


def overwritten(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`acc = accuracy(out, y)` in each round, nothing made of it there, and told behind the loop: the last one's."""
    held_out = any(map(HELD_OUT.search, names_of(loop.iter)))
    for line in steps(loop.body):
        target = line.targets[0] if isinstance(line, ast.Assign) else None
        if not (isinstance(target, ast.Name) and isinstance(line, ast.Assign)):
            continue
        name = measured(line.value, target.id, held_out)
        if not name or is_used(loop, line, target.id) or keeps_count(module, loop):
            continue
        following = [each for each in after(module, loop) if target.id in set(names_of(each))]
        if not following or stored_before(following, target.id):
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
    """Whether something in the function is asked for what it has kept count of."""
    return not METERED.isdisjoint(names_of(module.scope(loop)))


def first_batches(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`if step == 20: break`, or islice(loader, 20), in a loop that measures on held-out data."""
    if trains(loop) or not (judged(module, loop) or any(HELD_OUT.search(name) for name in names_of(loop.iter))):
        return
    for place, text in limits(module, loop, counters_of(loop)):
        if measures(loop) and not says_so(module, piece, loop, loop.lineno - 1, place.lineno + 1):
            message = f"measured until `{text}`, not on all of {ast.unparse(loop.iter)[:60]}"
            yield found(PARTIAL, piece.at(place.lineno), message, piece.line(place.lineno)[:120])


def measures(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop works out a metric or counts what is right."""
    return any(is_called_metric(name) for part in loop.body for name in names_of(part))


def first_samples(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`for i in range(10)`: `x, y = test_set[i]`, and a metric is added up."""
    limit = loop.iter.args if isinstance(loop.iter, ast.Call) and called(loop.iter) == "range" else []
    if len(limit) != 1 or (whole_number(limit[0]) or 0) < 1 or not isinstance(loop.target, ast.Name):
        return
    taken = [inner for line in loop.body for inner in ast.walk(line) if isinstance(inner, ast.Subscript)]
    by_number = [one for one in taken if isinstance(one.slice, ast.Name) and one.slice.id == loop.target.id]
    sets = [last_name(one.value) for one in by_number]
    if not any(HELD_OUT.search(name) and (BATCHES.search(name) or name.endswith("set")) for name in sets):
        return
    adds = [inner for line in loop.body for inner in ast.walk(line) if isinstance(inner, ast.AugAssign)]
    if not any(METRIC.match(last_name(one.target)) or is_called_metric(last_name(one.target)) for one in adds):
        return
    around = [holder for holder in module.enclosing(loop) if is_function(holder)]
    if any(LOOKS.search(named(holder)) for holder in around):
        return
    if not says_so(module, piece, loop, loop.lineno - 1, loop.lineno):
        message = f"measured on the first {ast.unparse(limit[0])} of {sets[0]}"
        yield found(PARTIAL, piece.at(loop.lineno), message, piece.line(loop.lineno)[:120])
