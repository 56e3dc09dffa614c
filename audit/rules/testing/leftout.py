"""Batches that an evaluation leaves out: the last one, short ones, all but the first of a step, all but one kept."""

import ast
import re
from collections.abc import Iterator

from audit.model import Finding, found
from audit.rules.code import Function, Module, called, is_function, last_name
from audit.rules.testing.batches import BATCHES, after, counters_of, is_over_batches, trains
from audit.rules.testing.cutting import is_told
from audit.rules.testing.judging import HANDED, ONE_STEP, judges
from audit.rules.testing.looped import is_measured_later, measures, one_batch
from audit.rules.testing.narrowed import narrowing_of
from audit.rules.testing.partial import PARTIAL, is_called_metric, says_so
from audit.rules.testing.parts import names_of, whole_number
from audit.rules.testing.words import METRIC
from audit.target import Piece

LOOPS = ast.For | ast.AsyncFor
Place = ast.If | ast.For | ast.AsyncFor | None
NUMBERED = re.compile(r"(^|_)(batch_idx|batch_index|batch_nb|batch_id|batch_i|idx|step|i)$")
SIZE = re.compile(r"(^|_)(batch_?size|bsz|bs)$", re.I)
STEP = re.compile(r"batch|size|chunk|(^|_)bsz?$", re.I)
SAYS = re.compile(r"#.*(drop|incompl|last|skip|short|ragged|partial|remaind)", re.I)
TOGETHER = re.compile(r"pmean|psum|pmax|all_gather|combine|concatenate|stack|reshape|flatten|mean\(axis")
EPOCH_END = re.compile(r"^(on_)?(validation|test|val)_epoch_end$")


def left_out(module: Module, told: set[tuple[int | None, int]]) -> Iterator[Finding]:
    """One finding for each loop or step that judges and leaves batches out, with no word of it."""
    for piece, call in of_one_device(module):
        if not says_so(module, piece, call, call.lineno, call.lineno):
            told.add((piece.cell, call.lineno))
            text = f"`{ast.unparse(call)[:60]}` is that of one device"
            yield found(PARTIAL, piece.at(call.lineno), text, piece.line(call.lineno)[:120])
    for piece, node in module.statements():
        if is_function(node) and ONE_STEP.search(node.name):
            place, text = of_first_steps(node)
        elif is_function(node) and EPOCH_END.match(node.name):
            yield from kept_one(module, piece, node)
            continue
        elif isinstance(node, LOOPS) and not trains(node):
            place, text = all_but_last(module, node)
            if place is None and is_over_batches(module, node):
                yield from one_of_all(module, piece, node, told)
                continue
        else:
            continue
        if place is None or is_told(told, piece, node):
            continue
        lines = [place.lineno, *(line.lineno for line in place.body[:1] if isinstance(place, ast.If))]
        said = any(SAYS.search(piece.line(number)) for number in lines) or is_comment(piece, place.lineno - 1)
        if not (said or says_so(module, piece, place, place.lineno, place.lineno)):
            told.add((piece.cell, place.lineno))
            yield found(PARTIAL, piece.at(place.lineno), text, piece.line(place.lineno)[:120])


def of_one_device(module: Module) -> Iterator[tuple[Piece, ast.Call]]:
    """`unreplicate(metrics)`, `tree_map(lambda x: x[0], metrics)` where nothing is put together over the devices."""
    texts = [piece.text for piece in module.pieces]
    if not any("pmap" in text for text in texts) or any(map(TOGETHER.search, texts)):
        return
    for piece, call, _ in module.calls:
        line = module.parents[call]
        first = [one for one in names_of(line if isinstance(line, ast.Assign) else call) if is_called_metric(one)]
        each = call.args[0].body if len(call.args) == 2 and isinstance(call.args[0], ast.Lambda) else None
        one = isinstance(each, ast.Subscript) and whole_number(each.slice) == 0
        takes = called(call) == "unreplicate" or (one and called(call) in ("tree_map", "map"))
        held = [holder for holder in module.enclosing(call) if isinstance(holder, LOOPS)]
        if first and takes and any(judges(module, loop) for loop in held):
            yield piece, call


def is_comment(piece: Piece, number: int) -> bool:
    """Whether a line is a comment that says what is left out."""
    text = piece.line(number).strip()
    return text.startswith("#") and bool(SAYS.search(text))


def of_first_steps(step: Function) -> tuple[Place, str]:
    """`if batch_idx > 0: return` in a step of validation that measures something behind it."""
    numbers = {one.arg for one in step.args.args if one.arg in HANDED or NUMBERED.search(one.arg)}
    numbers = {name for name in numbers if NUMBERED.search(name)}
    for place, line in enumerate(step.body):
        if not (isinstance(line, ast.If) and not line.orelse and isinstance(line.body[-1], ast.Return)):
            continue
        test = line.test
        counted = isinstance(test, ast.Name) and test.id in numbers
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Gt | ast.GtE | ast.NotEq):
            counted = last_name(test.left) in numbers and whole_number(test.comparators[0]) is not None
        behind = (name for each in step.body[place + 1 :] for name in names_of(each))
        if counted and any(map(is_called_metric, behind)):
            return line, f"measured until `{ast.unparse(test)}`, not on all batches"
    return None, ""


def all_but_last(module: Module, loop: ast.For | ast.AsyncFor) -> tuple[Place, str]:
    """`for x, y in list(loader)[:-1]`, `range(len(loader) - 1)`, `if len(x) < batch_size: continue`."""
    parts = [loop.iter]
    for one in ast.walk(loop.iter):
        given = narrowing_of(module).value_of(one) if isinstance(one, ast.Name) else None
        parts += [given[0]] if given else []
    sums = [inner for part in parts for inner in ast.walk(part) if isinstance(inner, ast.BinOp)]
    joined = {id(side) for one in sums if isinstance(one.op, ast.Add) for side in (one.left, one.right)}
    for inner in (inner for part in parts for inner in ast.walk(part)):
        if id(inner) in joined:
            continue  # `[0] + ends[:-1]`: where each begins
        if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Slice):
            upper = whole_number(inner.slice.upper)
            if upper is not None and upper < 0 and of_loader(inner.value) and weighs(module, loop):
                return loop, f"the last batch of {ast.unparse(inner.value)[:40]} is left out"
        elif is_short_range(inner) and weighs(module, loop):
            return loop, f"whole batches of `{ast.unparse(inner)[:60]}`: what is left is not measured"
        elif is_less_one(inner) and weighs(module, loop):
            return loop, f"as many batches as `{ast.unparse(inner)}`: the last one is left out"
    for line in loop.body:
        if isinstance(line, ast.If) and is_of_first(module, loop, line) and judges(module, loop):
            return line, f"measured where `{ast.unparse(line.test)[:60]}`, not on all batches"
        if not isinstance(line, ast.If) or len(line.body) != 1:
            continue
        test = line.test if isinstance(line.body[0], ast.Continue | ast.Break) else None
        if test is not None and is_nth(test, counters_of(loop)) and weighs(module, loop):
            return line, f"batches are left out where `{ast.unparse(test)}`"
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            continue
        other = test.comparators[0]
        last = is_less_one(other) and last_name(test.left) in counters_of(loop)
        short = isinstance(test.ops[0], ast.Lt | ast.NotEq) and SIZE.search(last_name(other)) and is_size(test.left)
        if (last or short) and weighs(module, loop):
            return line, f"a batch is left out where `{ast.unparse(test)}`"
    return None, ""


def weighs(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop judges, and works a metric out or collects what one is worked out of."""
    return judges(module, loop) and (measures(loop) or is_measured_later(module, loop))


def is_of_first(module: Module, loop: ast.For | ast.AsyncFor, line: ast.If) -> bool:
    """`if i == 0: acc = …` of what counts the batches, where that is told behind the loop."""
    test = line.test
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq) and not line.orelse):
        return False
    if whole_number(test.comparators[0]) is None or last_name(test.left) not in counters_of(loop):
        return False
    given = [one for one in line.body if isinstance(one, ast.Assign) and METRIC.match(last_name(one.targets[0]))]
    told = {name for following in after(module, loop) for name in names_of(following)}
    for one in given:
        name = last_name(one.targets[0])
        places = [inner for inner in ast.walk(loop) if isinstance(inner, ast.Name) and inner.id == name]
        if name in told and all(inner is one.targets[0] or isinstance(inner.ctx, ast.Load) for inner in places):
            return True
    return False


def is_nth(test: ast.expr, counters: set[str]) -> bool:
    """`i % 10`, `i % 10 != 0` of what counts the batches."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq | ast.Gt):
        test = test.left
    by = isinstance(test, ast.BinOp) and isinstance(test.op, ast.Mod)
    return by and isinstance(test, ast.BinOp) and last_name(test.left) in counters and bool(whole_number(test.right))


def is_short_range(node: ast.AST) -> bool:
    """`range(0, len(x) - size, size)`."""
    if not (isinstance(node, ast.Call) and called(node) in ("range", "trange") and len(node.args) == 3):
        return False
    end, step = node.args[1:]
    if isinstance(end, ast.BinOp) and isinstance(end.op, ast.Add):
        end = end.left  # `len(x) - size + 1`
    less = isinstance(end, ast.BinOp) and isinstance(end.op, ast.Sub)
    by_batches = STEP.search(last_name(step)) or isinstance(step, ast.Constant)
    return less and isinstance(end, ast.BinOp) and bool(by_batches) and ast.dump(end.right) == ast.dump(step)


def of_loader(node: ast.expr) -> bool:
    """`list(loader)`, `batches`."""
    inner = node.args[0] if isinstance(node, ast.Call) and called(node) in ("list", "tuple") and node.args else node
    return bool(BATCHES.search(last_name(inner)))


def is_less_one(node: ast.AST) -> bool:
    """`len(loader) - 1`."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and whole_number(node.right) == 1):
        return False
    left = node.left
    return isinstance(left, ast.Call) and called(left) == "len" and bool(left.args) and of_loader(left.args[0])


def is_size(node: ast.expr) -> bool:
    """`len(x)`, `x.size(0)`, `x.shape[0]`."""
    return not {"len", "size", "shape"}.isdisjoint(names_of(node))


def one_of_all(
    module: Module, piece: Piece, loop: ast.For | ast.AsyncFor, told: set[tuple[int | None, int]]
) -> Iterator[Finding]:
    """`pred, y = results[0]`, `return losses[-1]`, of what a loop over batches has collected."""
    calls = [inner for inner in ast.walk(loop) if isinstance(inner, ast.Call) and called(inner) == "append"]
    kept = {last_name(call.func.value) for call in calls if isinstance(call.func, ast.Attribute)} - {""}
    for following in after(module, loop) if kept and judges(module, loop) else ():
        value = getattr(following, "value", None)
        if value is None or not is_one_of(value, kept):
            continue
        findings: list[Finding] = []
        if isinstance(following, ast.Assign):
            names = set(names_of(following.targets[0]))
            findings += one_batch(module, piece, following, names, "one of the batches")
        elif isinstance(following, ast.Return) and any(map(is_called_metric, names_of(value))):
            line = following.lineno
            if not says_so(module, piece, following, line, line):
                text = f"`{ast.unparse(value)}` is that of one of the batches"
                findings.append(found(PARTIAL, piece.at(line), text, piece.line(line)[:120]))
        told |= {(piece.cell, finding.location.line or 0) for finding in findings}
        yield from findings


def kept_one(module: Module, piece: Piece, function: Function) -> Iterator[Finding]:
    """`preds, y = self.outputs[-1]` at the end of an epoch of validation."""
    for line in function.body:
        value = line.value if isinstance(line, ast.Assign) else None
        own = isinstance(value, ast.Subscript) and isinstance(value.value, ast.Attribute)
        if isinstance(line, ast.Assign) and own and value is not None and is_one_of(value, None):
            yield from one_batch(module, piece, line, set(names_of(line.targets[0])), "one of the batches")


def is_one_of(value: ast.expr, lists: set[str] | None) -> bool:
    """Whether the first or last is taken of a list, of these if any are given."""
    if not isinstance(value, ast.Subscript) or whole_number(value.slice) not in (0, -1):
        return False
    return lists is None or last_name(value.value) in lists
