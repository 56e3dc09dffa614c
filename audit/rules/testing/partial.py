"""Metrics of a part of the data that pass for metrics of all of it."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import Module, called, is_function, last_name
from audit.rules.family import rule
from audit.rules.testing.batches import in_batches, is_collected, is_single
from audit.rules.testing.labelled import COLLECTS, told_as
from audit.rules.testing.narrowed import DEPTH, Narrowing, narrowing_of
from audit.rules.testing.parts import Part, is_rest_taken, names_of, taken_by
from audit.rules.testing.words import COUNTED, DESCRIBED, JUDGES, LABELLED, LOGGED, LOOKS, LOSS, METRIC, SAYS_SO, SCORES
from audit.target import Piece

PARTIAL = rule(
    "tests.partial-batch",
    title="A metric of a part that passes for one of all",
    why="The figure reported for the whole set is that of its first pictures, or of its last batch.",
    fix="Compute it for all of them, or say in its name which part it is of.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

PLAIN = ("equality", "overlap")  # may be anything, where nothing calls it a metric
METERS = re.compile(r"(update_state|add_batch|logical_and)$")
METER = re.compile(r"(^|_)(metrics?|evaluator)$")
OF_TEXT = {"strip", "lower", "upper", "lstrip", "rstrip", "casefold"}
SIDES = {"y_true", "y_pred", "preds", "target", "targets", "predictions", "references", "input", "labels"}
WORKED_OUT: set[type[ast.AST]] = {ast.Call, ast.Compare, ast.BinOp, ast.Subscript, ast.For, ast.comprehension}
WORDS = re.findall(
    r"\w+",
    "loader metric score eval valid pred acc mse mae iou psnr ssim dice f1 auc recall correct _error perplexity"
    " jiwer _wer _cer bleu rouge limit_test limit_val",
)  # one of which stands in the text of a module that measures
COMMENT = re.compile(r"#.*|([\"']).*?\1")  # and what is printed


@dataclass(frozen=True)
class Comparison:
    """Two things that are held against each other, by what, and of which part of each."""

    piece: Piece
    node: ast.AST
    name: str
    pair: tuple[ast.expr, ast.expr]
    part: Part
    cut: int = 0  # the line on which the first pairs are taken

    @property
    def line(self) -> int:
        """Where it stands."""
        if self.cut:
            return self.cut
        return self.pair[0].lineno if not isinstance(self.node, ast.expr) else self.node.lineno


def may_measure(module: Module) -> bool:
    """Whether a word of those that a metric needs stands in a module: a look that costs little."""
    text = "\n".join(piece.text for piece in module.pieces).lower()
    return any(word in text for word in WORDS)


def partial(module: Module) -> Iterator[Finding]:
    """A metric of the same fixed part of two batches, with no word of it."""
    narrowing = narrowing_of(module)
    every = list(comparisons(module, narrowing))
    told: set[tuple[Piece, int]] = set()  # `abs(a[0] - b[0]).mean()` is two comparisons of one thing
    for one in every:
        if (one.piece, one.line) in told or not is_metric_of_batches(module, narrowing, one):
            continue
        if (
            is_one_of_all(module, one, every)
            or is_said(module, narrowing, one)
            or is_single(module, one.node, one.part)
        ):
            continue
        told.add((one.piece, one.line))
        message = f"{one.name} of `[{one.part.text}]` of each batch"
        yield found(PARTIAL, one.piece.at(one.line), message, one.piece.line(one.line)[:120])


def comparisons(module: Module, narrowing: Narrowing) -> Iterator[Comparison]:
    """Every comparison of the same part of two things."""
    for piece, node in module.places(*WORKED_OUT):
        name, pair = compared(node)
        whole = zipped(narrowing, node) if isinstance(node, ast.For | ast.comprehension) else None
        if whole:
            yield Comparison(piece, node, "zip", *whole)
        elif len(pair) == 2:
            left = narrowing.part(pair[0])
            right = narrowing.part(pair[1]) if left else None
            if left and right and left.is_like(right):
                kept = left.with_other(right, certain=METRIC.match(name) is not None)
                yield Comparison(piece, node, name, (pair[0], pair[1]), kept)
        elif isinstance(node, ast.Subscript):
            yield from cut(narrowing, piece, node)
        elif isinstance(node, ast.For):
            yield from collected(module, narrowing, piece, node)


def cut(narrowing: Narrowing, piece: Piece, node: ast.Subscript) -> Iterator[Comparison]:
    """`(out == y)[:8]`, `((a - b).abs() < 0.1)[::4]`: all of it is worked out, and a part of that taken."""
    if not isinstance(node.slice, ast.Slice):
        return
    inner, name = node.value, ""
    while isinstance(inner, ast.Call | ast.Attribute) or is_near(inner):
        if isinstance(inner, ast.Compare):
            inner, name = inner.left, "equality"
        else:
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
    if isinstance(inner, ast.Compare | ast.BinOp):
        plain, pair = compared(inner)
        part = narrowing.subscript(node, DEPTH) if plain in ("equality", "difference") and len(pair) == 2 else None
        if part:
            yield Comparison(piece, node, name or plain, (pair[0], pair[1]), part)


def zipped(
    narrowing: Narrowing, loop: ast.For | ast.comprehension
) -> tuple[tuple[ast.expr, ast.expr], Part, int] | None:
    """`for p, r in list(zip(preds, refs))[:4]`: the first pairs, under another name as well; and where."""
    through, part, line = loop.iter, None, 0
    for _ in range(DEPTH):
        if isinstance(through, ast.Subscript) and isinstance(through.slice, ast.Slice):
            part, line, through = narrowing.slice(through.slice, DEPTH), through.lineno, through.value
        elif isinstance(through, ast.Name):
            given = narrowing.value_of(through)
            if given is None or given[1] is not None:
                return None
            through = given[0]
        elif isinstance(through, ast.Call) and called(through) == "zip":
            both = through.args[:2]
            return (
                ((both[0], both[1]), part, line or through.lineno)
                if part and part.kind == "front" and len(both) == 2
                else None
            )
        elif isinstance(through, ast.Call) and called(through) in ("enumerate", "list", "tuple", "tqdm", "islice"):
            part = taken_by(through) or part
            through = through.args[0] if through.args else through.func
        else:
            return None
    return None


def is_near(node: ast.expr) -> TypeGuard[ast.Compare]:
    """`abs(a - b) < 0.1`."""
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE)


def collected(module: Module, narrowing: Narrowing, piece: Piece, loop: ast.For) -> Iterator[Comparison]:
    """`preds += out[:8]`, `truths.extend(y[:8])` of two lists of which a metric is worked out in the end."""
    taken: list[tuple[str, ast.expr, Part]] = []
    for line in loop.body:
        call = line.value if isinstance(line, ast.Expr) else None
        to, what = "", None
        if isinstance(line, ast.AugAssign):
            to, what = last_name(line.target), line.value
        elif (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and called(call) in COLLECTS
            and call.args
        ):
            to, what = last_name(call.func.value), call.args[0]
        part = narrowing.part(what) if what is not None else None
        if to and what is not None and part:
            taken.append((to, what, part))
    for (to, left, part), (other, right, same) in pairwise(taken):
        if to == other or not part.is_like(same):
            continue
        calls = (inner for inner in ast.walk(module.scope(loop)) if isinstance(inner, ast.Call))
        used = (called(inner) for inner in calls if {to, other} <= set(names_of(inner)))
        name = next(filter(METRIC.match, used), None)
        if name:
            yield Comparison(piece, left, name, (left, right), part)


def compared(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """`ssim(a, b)`, `a == b`, `a - b`, and the metric of each pair of `zip(a, b)`: what is worked out, and of what."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
        return "equality", [node.left, *node.comparators]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return "difference", [node.left, node.right]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.Mult):
        return "overlap", [node.left, node.right]
    if isinstance(node, ast.For | ast.comprehension):
        zipped = node.iter
        if isinstance(zipped, ast.Call) and last_name(zipped.func) == "enumerate" and zipped.args:
            zipped = zipped.args[0]
        if isinstance(zipped, ast.Call) and last_name(zipped.func) == "zip":
            return "zip", zipped.args[:2]
    if isinstance(node, ast.Call):
        name = called(node)
        if name == "update" and isinstance(node.func, ast.Attribute) and is_meter(last_name(node.func.value)):
            name = "update_state"
        if name in ("eq", "equal") and len(node.args) + isinstance(node.func, ast.Attribute) >= 2:
            return "equality", [*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args][-2:]
        if METRIC.match(name) or name in SCORES or LOSS.search(name) or METERS.match(name):
            given = [*node.args, *(item.value for item in node.keywords if item.arg in SIDES)]
            return name, given[:2]
    return "", []


def adds_metric(value: ast.expr) -> bool:
    """Whether a metric is worked out in what is added to a sum: `total += (out == y).mean()`."""
    worked_out = map(compared, ast.walk(value))
    return any(len(pair) == 2 and (name == "equality" or METRIC.match(name)) for name, pair in worked_out)


def is_meter(name: str) -> bool:
    """Whether an object is called like what is told of batch after batch, and works out a metric in the end."""
    return bool(METRIC.match(name) or METER.search(name))


def is_metric_of_batches(module: Module, narrowing: Narrowing, one: Comparison) -> bool:
    """Whether what is worked out is a metric, and what it is worked out of are samples of a batch."""
    holders = list(module.enclosing(one.node))
    if any(isinstance(inner, ast.Call) and called(inner) in OF_TEXT for side in one.pair for inner in ast.walk(side)):
        return False  # letters of an answer
    if all(isinstance(side, ast.Call) and called(side) in ("set", "frozenset") for side in one.pair):
        return False  # how many of the best of two rankings are the same
    if is_condition(module, one.node) or any(LOOKS.search(named(holder)) for holder in holders):
        return False
    name = metric_in(module, one) if one.name == "zip" else one.name
    if name == "":
        return False
    if one.part.place and not (isinstance(one.node, ast.Call) and METRIC.match(name)):
        return False
    metric = is_a_metric(module, one.node, name)
    if metric and (one.part.direct or is_collected(module, one.pair)):
        return True
    kept = metric or name == "equality"
    of_all = name not in SCORES or one.part.samples  # what has a score() may be anything
    return kept and of_all and in_batches(module, narrowing, one.node, name, one.pair, one.part, METRIC)


def metric_in(module: Module, one: Comparison) -> str:
    """What is worked out of each pair that a loop takes."""
    loop = module.parents[one.node] if isinstance(one.node, ast.comprehension) else one.node
    for inner in ast.walk(loop):
        name, pair = compared(inner)
        if pair and name != "zip":
            return name
    return ""


def is_condition(module: Module, node: ast.AST) -> bool:
    """Whether a comparison only decides what is done, or is asserted; not if what is done is to count it."""
    child = node
    for holder in module.enclosing(node):
        if isinstance(holder, ast.If) and child is holder.test:
            counts = [inner for inner in holder.body if isinstance(inner, ast.AugAssign)]
            return not any(is_called_metric(last_name(inner.target)) for inner in counts)
        if isinstance(holder, ast.While | ast.IfExp) and child is holder.test:
            return True
        if isinstance(holder, ast.Assert | ast.Raise):
            return True
        if isinstance(holder, ast.stmt):
            return False
        child = holder
    return False


def named(node: ast.AST) -> str:
    """The name of a function, or of what is called."""
    if is_function(node):
        return node.name
    return called(node) if isinstance(node, ast.Call) else ""


def is_called_metric(name: str) -> bool:
    """Whether something has the name of a metric or of what is counted for one."""
    return bool(METRIC.match(name) or COUNTED.search(name))


def is_a_metric(module: Module, node: ast.AST, name: str) -> bool:
    """Whether what is worked out, or what it is given to, is called a metric: a difference may be a loss."""
    if name in SCORES or METERS.match(name) or (METRIC.match(name) and not LOSS.search(name)):
        return True
    told = list(told_as(module, node))
    if any(METRIC.match(word) or LOGGED.search(word) or LABELLED.search(word) for word in told):
        return True
    holders = list(module.enclosing(node))
    if any(isinstance(holder, ast.Assign) for holder in holders):
        return False
    functions = [holder.name for holder in holders if is_function(holder)]
    return any(map(METRIC.match, functions)) or (name not in PLAIN and any(map(JUDGES.match, functions)))


def is_one_of_all(module: Module, one: Comparison, every: Iterable[Comparison]) -> bool:
    """Whether the other parts are compared as well: `out[0]` and `out[1]` are two outputs, not two samples."""
    scope = module.scope(one.node)
    taken = [inner.slice for side in one.pair for inner in ast.walk(side) if isinstance(inner, ast.Subscript)]
    if any(is_rest_taken(scope, index) for index in taken):
        return True
    names = [set(names_of(side)) for side in one.pair]
    kinds = {"front": "back", "back": "front"}
    return any(
        other.part.text != one.part.text
        and {other.part.text, one.part.text} != {"0", "-1"}
        and other.part.kind == kinds.get(one.part.kind, one.part.kind)
        and module.scope(other.node) is scope
        and [set(names_of(side)) for side in other.pair] == names
        for other in every
    )


def says_so(module: Module, piece: Piece, node: ast.AST, first: int, last: int) -> bool:
    """Whether some line, or the name or docstring of a function around it, says which part it is."""
    around = [holder for holder in module.enclosing(node) if is_function(holder)]
    if any(SAYS_SO.search(holder.name) or DESCRIBED.search(ast.get_docstring(holder) or "") for holder in around):
        return True
    return any(SAYS_SO.search(piece.line(number)) for number in range(first, last + 1))


def is_said(module: Module, narrowing: Narrowing, one: Comparison) -> bool:
    """Whether what the value is called, or a comment where it or the part is taken, says which part it is."""
    around = [holder for holder in module.enclosing(one.node) if is_function(holder)]
    if any(SAYS_SO.search(holder.name) or DESCRIBED.search(ast.get_docstring(holder) or "") for holder in around):
        return True
    if any(map(SAYS_SO.search, told_as(module, one.node))):
        return True
    names = [inner for side in one.pair for inner in ast.walk(side) if isinstance(inner, ast.Name)]
    places = [one.line, *(given[0].lineno for name in names if (given := narrowing.value_of(name)))]
    lines = {line for place in places for line in (place - 1, place)}
    return any(SAYS_SO.search(comment[0]) for line in lines for comment in COMMENT.finditer(one.piece.line(line)))
