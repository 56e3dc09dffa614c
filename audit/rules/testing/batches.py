"""Where code sees one batch after the other: loops over loaders, steps, and functions that are given a batch."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import (
    Function,
    Module,
    called,
    dotted,
    has_unpacked_keywords,
    is_constant,
    is_function,
    keyword,
    last_name,
    text_of,
)
from audit.rules.testing.narrowed import Narrowing
from audit.rules.testing.parts import Part, names_of, of_method

BOXES = re.compile(r"iou", re.I)  # a detection's first four numbers are its box
FIXED = re.compile(r":\d+")  # so many, however many there are
STEPS = re.compile(r"(^|_)step$")
EVALUATES = re.compile(r"(^|_)(step|metrics|validate|evaluate|validation|eval|main)(_|$)|^on_(\w+_)?epoch_end$")
BATCHES = re.compile(r"loader|batches|dataset|(^|_)(dl|ds)$", re.I)
ITERATED = re.compile(r"(^|[._])(val(id(ation)?)?|test|eval|dev|h[eo]ld_?out)(_?(data|iter\w*|gen\w*|dl|set))?$")
A_BATCH = re.compile(r"\b(the|a|one|whole|each) batch\b", re.I)
HELD_OUT = re.compile(r"(^|_|\b)(x_?|y_?)?(val(id|idation)?|test|eval|dev|h[eo]ld_?out)(?!ue|ice|uat|elop)", re.I)
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
            measured = node_is_zip(node) or (isinstance(node, ast.Call) and metric.match(name))
            if "batch" in holder.name.lower().split("_") and measured:
                return True
            fixed = part.samples and FIXED.fullmatch(part.text) is not None
            if metric.match(holder.name) and fixed and name in ("overlap", "equality"):
                return True
            if metric.match(holder.name) and (of_batch or part.samples or part.each or node_is_zip(node)):
                return of_batch or part.each or node_is_zip(node)
            of_field = part.kind == "index" and any(map(is_of_field, pair))
            certain = part.samples or (of_batch and (part.kind != "index" or of_field))
            if (EVALUATES if certain else STEPS).search(holder.name):
                return True
    return False


def is_of_field(side: ast.expr) -> bool:
    """`batch["label"][0]`: the first sample of a field, and no field."""
    field = side.value if isinstance(side, ast.Subscript) else None
    return isinstance(field, ast.Subscript) and bool(text_of(field.slice))


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
    """Whether a loop takes one batch after the other, by what it goes through: `bar = tqdm(loader)`, a DataLoader."""
    through = module.given.get(loop.iter.id, []) if isinstance(loop.iter, ast.Name) else []
    wrapped = [value for value in through if isinstance(value, ast.Call) and value.args]
    parts = (loop.iter, *(value.args[0] for value in wrapped if isinstance(value, ast.Call)))
    if any(BATCHES.search(name) for part in parts for name in names_of(part)):
        return True
    return any(isinstance(value, ast.Call) and last_name(value.func).endswith("DataLoader") for value in through)


def is_over_all(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a function goes through what it is given, and asks a model for each: `for x, y in data`."""
    function = module.scope(loop)
    through = loop.iter.args[0] if isinstance(loop.iter, ast.Call) and loop.iter.args else loop.iter
    if not (isinstance(through, ast.Name) and is_function(function)):
        return False
    given = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    calls = (inner for line in loop.body for inner in ast.walk(line) if isinstance(inner, ast.Call))
    return through.id in given and any(MODEL.search(dotted(call.func).partition(".")[0]) for call in calls)


def is_by_size(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop takes as many at a time as a batch holds: `range(0, n, batch_size)`, `order.split(batch_size)`."""
    call = loop.iter
    cuts_up = isinstance(call, ast.Call) and called(call) in ("range", "trange", "split", "chunk", "array_split")
    return cuts_up and any(last_name(part) in ("batch_size", "bs") for part in getattr(call, "args", ()))


def first_batch_of(value: ast.expr) -> str:
    """The loader of which `next(iter(loader))` or `list(loader)[0]` takes one batch; "" for anything else."""
    listed = re.match(r"list\(([\w.]+)\)\[(0|-1)\]", ast.unparse(value)) if isinstance(value, ast.Subscript) else None
    if listed and (BATCHES.search(listed[1]) or ITERATED.search(listed[1])):
        return listed[1]
    while isinstance(value, ast.Subscript) or (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
        value = value.value if isinstance(value, ast.Subscript) else of_method(value)[0]
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "next"):
        return ""
    inner = re.match(r"next\(iter\(([\w.]+)\)\)$", ast.unparse(value))
    loads = inner and (BATCHES.search(inner[1]) or ITERATED.search(inner[1]))
    return inner[1] if inner and loads else ""


def next_of(narrowing: Narrowing, value: ast.expr) -> str:
    """The held-out loader of `next(turns)`, where `turns = iter(val_loader)` stands before."""
    of = value.args[0] if isinstance(value, ast.Call) and called(value) == "next" and value.args else None
    given = narrowing.value_of(of) if isinstance(of, ast.Name) else None
    through = given[0] if given and isinstance(given[0], ast.Call) and called(given[0]) == "iter" else None
    names = names_of(through.args[0]) if isinstance(through, ast.Call) and through.args else ()
    return next((name for name in names if HELD_OUT.search(name) and BATCHES.search(name)), "")


def is_single(module: Module, node: ast.AST, part: Part) -> bool:
    """Whether the first sample is all that a batch holds: `DataLoader(data, batch_size=1)`."""
    if part.text.partition(",")[0] not in ("0", "-1", ":1"):
        return False
    loops = [holder for holder in module.enclosing(node) if isinstance(holder, LOOPS)]
    if is_set_to_one(module):
        return True
    names = {name for loop in loops for name in names_of(loop.iter)}
    function = module.scope(node)
    names -= parameters_of(function) if is_function(function) else set()
    calls = [value for name in names for value in module.given.get(name, ()) if isinstance(value, ast.Call)]
    calls = [call for call in calls if module.scope(call) is function or not is_function(module.scope(call))]
    calls += [inner for loop in loops for inner in ast.walk(loop.iter) if isinstance(inner, ast.Call)]
    return any(holds_one(call) for call in calls)


def is_set_to_one(module: Module) -> bool:
    """Whether a script sets its option to single samples: `opt.batch_size = 1`."""
    given = list(module.of(ast.Assign))
    targets = [target for node in given if is_constant(node.value, 1) for target in node.targets]
    return any(last_name(target).lower() in ("batch_size", "batchsize", "bs") for target in targets)


def holds_one(call: ast.Call) -> bool:
    """Whether a loader gives one sample at a time, as it does where nothing else is said."""
    size = keyword(call, "batch_size") or (call.args[1] if called(call) == "DataLoader" and call.args[1:] else None)
    if size is None:
        return called(call) == "DataLoader" and not (keyword(call, "batch_sampler") or has_unpacked_keywords(call))
    return isinstance(size, ast.Constant) and size.value == 1


def is_collected(module: Module, pair: tuple[ast.expr, ast.expr]) -> bool:
    """Whether one of the things that were put into two lists before is taken of each: `preds[-1]`, `truths[-1]`."""
    lists = [side.value for side in pair if isinstance(side, ast.Subscript)]
    names = {one.id for one in lists if isinstance(one, ast.Name)}
    if len(names) != 2:
        return False
    if "appended" not in module.derived:
        functions = [call.func for _, call, name in module.calls if name.endswith(".append")]
        module.derived["appended"] = {last_name(one.value) for one in functions if isinstance(one, ast.Attribute)}
    appended: set[str] = module.derived["appended"]
    return names <= appended


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
    following = block[block.index(loop) + 1 :] if block else []
    return following + after(module, holder) if isinstance(holder, ast.With) else following


def limits(module: Module, loop: ast.For | ast.AsyncFor, counters: set[str]) -> Iterator[tuple[ast.stmt, str]]:
    """Where a loop over batches ends at a fixed number of them."""
    for text in cuts(module, loop.iter):
        yield loop, text
    for inner in loop.body:
        if not (isinstance(inner, ast.If) and isinstance(inner.test, ast.Compare)):
            continue
        test, last = inner.test, inner.body[-1]
        skips = isinstance(last, ast.Continue) and isinstance(test.ops[0], ast.Gt | ast.GtE)
        if not (skips or isinstance(last, ast.Break | ast.Return)) or counters.isdisjoint(names_of(test.left)):
            continue
        if is_number_given(module, test.comparators[0]):
            yield inner, ast.unparse(test)


def cuts(module: Module, through: ast.expr) -> Iterator[str]:
    """`islice(loader, 20)`, `data.take(20)`, `zip(loader, range(20))`: that many are gone through."""
    for call in ast.walk(through):
        name = called(call) if isinstance(call, ast.Call) else ""
        taken = call.args if isinstance(call, ast.Call) and name in ("take", "islice") else []
        if 0 < len(taken) <= 2 and is_number_given(module, taken[-1]):
            yield ast.unparse(call)
        elif name == "zip" and isinstance(call, ast.Call):
            ranges = [one for one in call.args if isinstance(one, ast.Call) and called(one) == "range"]
            if any(len(one.args) == 1 and is_number_given(module, one.args[0]) for one in ranges):
                yield ast.unparse(call)


def is_number_given(module: Module, size: ast.expr) -> bool:
    """A number, or a constant of the module that is one."""
    values = module.given.get(size.id, ()) if isinstance(size, ast.Name) and size.id.isupper() else [size]
    return any(isinstance(value, ast.Constant) and isinstance(value.value, int) for value in values)


def counters_of(loop: ast.For | ast.AsyncFor) -> set[str]:
    """What counts the batches of a loop: what `enumerate` gives, what is added to, what is collected in it."""
    counters = set(names_of(loop.target)) - set(names_of(batch_of(loop)))
    for inner in ast.walk(loop):
        if isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name) and isinstance(inner.op, ast.Add):
            counters.add(inner.target.id)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            counters |= {last_name(inner.func.value)} if inner.func.attr in ("append", "extend") else set()
    return counters
