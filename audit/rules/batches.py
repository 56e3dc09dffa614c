"""Where code sees one batch after the other: loops over loaders, steps, and functions that are given a batch."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import Function, Module, is_function, last_name
from audit.rules.narrowed import Narrowing, Part, called, names_of

BOXES = re.compile(r"iou", re.I)  # a detection's first four numbers are its box
STEPS = re.compile(r"(^|_)step$")
EVALUATES = re.compile(r"(^|_)(step|metrics|validate|evaluate|validation|eval|main)(_|$)|^on_(\w+_)?epoch_end$")
BATCHES = re.compile(r"loader|batches|dataset|(^|_)(dl|ds)$", re.I)
A_BATCH = re.compile(r"\b(the|a|one|whole|each) batch\b", re.I)
HELD_OUT = re.compile(r"val|test|eval|dev", re.I)
MODEL = re.compile(
    r"(^|_)(model|net\w*|self|predict\w*|forward|apply\w*|generator|encoder|classifier|clf|student|teacher|unet"
    r"|critic|policy|infer\w*|sample|generate|module|ema|head|backbone|G|D)(_|$)"
)
LOOPS = ast.For | ast.AsyncFor


def in_batches(
    module: Module,
    narrowing: Narrowing,
    node: ast.AST,
    name: str,
    pair: tuple[ast.expr, ast.expr],
    part: Part,
    metric: re.Pattern[str],
) -> bool:
    """Whether what is compared is of a batch: in a loop over them, or in a function that is called with each.

    A function that evaluates may be given single pictures or boxes as well: there a short part says nothing.
    """
    if part.text == ":4" and BOXES.search(name):
        return False
    roots = {root for side in pair for root in roots_of(narrowing, side)}
    for holder in (node, *module.enclosing(node)):
        if isinstance(holder, LOOPS):
            if is_over_batches(module, holder) or predicts(narrowing, holder, pair):
                return True
            by_number = isinstance(holder.iter, ast.Call) and called(holder.iter) == "range"
            if not by_number and not roots.isdisjoint(names_of(holder.target)):
                return False  # one of the batch's samples
        elif is_function(holder):
            words = set(holder.name.lower().split("_")) | parameters_of(holder)
            summary = (ast.get_docstring(holder) or "").partition("\n")[0]
            of_batch = "batch" in words or (part.samples and A_BATCH.search(summary) is not None)
            if metric.match(holder.name) and (of_batch or part.samples or node_is_zip(node)):
                return of_batch or part.each or node_is_zip(node)
            certain = part.samples or (of_batch and part.kind != "index")
            if (EVALUATES if certain else STEPS).search(holder.name):
                return True
    return False


def node_is_zip(node: ast.AST) -> bool:
    """Whether pairs of samples are taken one after the other."""
    return isinstance(node, ast.For | ast.comprehension)


def roots_of(narrowing: Narrowing, side: ast.expr, depth: int = 4) -> Iterator[str]:
    """Names from which an operand is worked out, through what was assigned to them."""
    for inner in ast.walk(side):
        if isinstance(inner, ast.Name):
            yield inner.id
            given = narrowing.value_of(inner) if depth else None
            if given:
                yield from roots_of(narrowing, given[0], depth - 1)


def predicts(narrowing: Narrowing, loop: ast.For | ast.AsyncFor, pair: tuple[ast.expr, ast.expr]) -> bool:
    """Whether a loop over something takes (inputs, targets), and one side of the pair is what a model makes of them.

    A loop in which the model is trained goes over batches whatever it takes.
    """
    taken = set(names_of(batch_of(loop)))
    sides = [set(roots_of(narrowing, side)) for side in pair]
    if trains(loop) and any(any(map(MODEL.search, side)) for side in sides):
        return True
    several = isinstance(batch_of(loop), ast.Tuple | ast.List) or "batch" in taken
    return several and all(side & taken for side in sides) and any(any(map(MODEL.search, side)) for side in sides)


def trains(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether each round of a loop is a step of training; not one over epochs."""
    if "epoch" in ast.unparse(loop.target).lower():
        return False
    calls = [line.value for line in loop.body if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)]
    return any(last_name(call.func) in ("backward", "apply_gradients") for call in calls)


def parameters_of(function: Function) -> set[str]:
    """The names of what a function is given by place."""
    return {argument.arg for argument in (*function.args.posonlyargs, *function.args.args)}


def is_over_batches(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop takes one batch after the other, by the name of what it goes through: `bar = tqdm(loader)`."""
    through = module.given.get(loop.iter.id, []) if isinstance(loop.iter, ast.Name) else []
    wrapped = [value for value in through if isinstance(value, ast.Call) and value.args]
    parts = (loop.iter, *(value.args[0] for value in wrapped if isinstance(value, ast.Call)))
    return any(BATCHES.search(name) for part in parts for name in names_of(part))


def is_first_batch(value: ast.expr) -> bool:
    """`next(iter(loader))` of held-out data."""
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "next"):
        return False
    inner = re.match(r"next\(iter\(([\w.]+)\)\)$", ast.unparse(value))
    return inner is not None and bool(HELD_OUT.search(inner[1]) and BATCHES.search(inner[1]))


def batch_of(loop: ast.For | ast.AsyncFor) -> ast.expr:
    """What a loop calls its batch: without the number that enumerate gives."""
    counted = any(isinstance(node, ast.Call) and last_name(node.func) == "enumerate" for node in ast.walk(loop.iter))
    return loop.target.elts[-1] if counted and isinstance(loop.target, ast.Tuple) else loop.target


def after(module: Module, loop: ast.stmt) -> list[ast.stmt]:
    """The statements behind one, or behind a loop that goes through everything, in the block that holds it."""
    if any(isinstance(inner, ast.Break) for inner in ast.walk(loop)):
        return []
    holder = module.parents[loop]
    blocks = [getattr(holder, name, None) for name in ("body", "orelse", "finalbody")]
    block: list[ast.stmt] = next((block for block in blocks if isinstance(block, list) and loop in block), [])
    return block[block.index(loop) + 1 :] if block else []


def limits(loop: ast.For | ast.AsyncFor, counters: set[str]) -> Iterator[tuple[ast.stmt, str]]:
    """Where a loop over batches ends at a fixed number of them."""
    for call in ast.walk(loop.iter):
        taken = call.args if isinstance(call, ast.Call) and called(call) in ("take", "islice") else []
        if 0 < len(taken) <= 2 and isinstance(taken[-1], ast.Constant):
            yield loop, ast.unparse(call)
    for inner in loop.body:
        test = inner.test if isinstance(inner, ast.If) and isinstance(inner.body[-1], ast.Break) else None
        fixed = isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant)
        if test is not None and fixed and not counters.isdisjoint(names_of(test)):
            yield inner, ast.unparse(test)
