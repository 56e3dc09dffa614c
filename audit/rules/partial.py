"""Metrics of a part of the data that pass for metrics of all of it."""

import ast
import re
from collections.abc import Iterable, Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import Function, Module, is_function, last_name
from audit.rules.family import rule
from audit.target import Piece

PARTIAL = rule(
    "tests.partial-batch",
    title="A metric of a part that passes for one of all",
    why="The figure reported for the whole set is that of its first pictures, or of its last batch.",
    fix="Compute it for all of them, or say in its name which part it is of.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

METRIC = re.compile(
    r"^(?!(?:plot|show|log|display|draw|print|save|write|add|set|track|record|report)_)\w*(psnr|ssim|lpips|fid|accuracy"
    r"|(?<![a-z])acc|mse|mae|rmse|iou|dice|f1|auc|auroc|peak_signal\w*|structural_similarity"
    r"|mean_(?:squared|absolute)_error"
    r"|(?<![a-z])(?:precision|recall|r2|bleu|rouge|wer|cer|kappa|coverage|s?mape|abs_rel))(_\w+)?$", re.I
)  # fmt: skip
SCORES = {"evaluate", "score"}  # of Keras and scikit-learn
BOXES = re.compile(r"iou", re.I)  # a detection's first four numbers are its box
COUNTED = re.compile(r"(^|_)(n_)?(correct|hits?|right|scores?|metrics?|loss|losses)(_|$)", re.I)
STEPS = re.compile(r"(^|_)step$")
EVALUATES = re.compile(r"(^|_)(step|metrics|validate|evaluate|validation|eval|main)(_|$)")
JUDGES = re.compile(r"_*(eval|evaluate|validate)(_|$)")  # what is worked out there is no loss
BATCHES = re.compile(r"loader|batches|dataset|(^|_)(dl|ds)$", re.I)
HELD_OUT = re.compile(r"val|test|eval|dev", re.I)
LOGGED = re.compile(r"(^|[/_ ])(val|valid|validation|test|eval)[/_ ]", re.I)
SAYS_SO = re.compile(r"first|only|sample|subset|partial|preview|rough|at most|\blast\b", re.I)
MANY = 8  # a slice of so many is one of samples; fewer may be the parts of a pose or a box


def partial(module: Module) -> Iterator[Finding]:
    """A metric of the same fixed part of two batches, of the last batch or of the first ones, with no word of it."""
    told: set[tuple[Piece, int]] = set()  # `abs(a[0] - b[0]).mean()` is two comparisons of one thing
    for piece, call, _ in module.calls:
        name, pair = compared(call)
        parts = [part for argument in pair if (part := fixed_part(module, argument))]
        if len(parts) != 2 or parts[0] != parts[1] or says_so(module, piece, call, call.lineno - 1, call.lineno):
            continue
        metric = is_a_metric(module, call, name)
        batches = (metric or name == "equality") and name not in SCORES  # what has a score() may be anything
        if (metric and is_long(parts[0])) or (
            batches and any(sees_batches(module, holder, name, parts[0]) for holder in module.enclosing(call))
        ):
            if (piece, call.lineno) in told:
                continue
            told.add((piece, call.lineno))
            message = f"{name} of `[{parts[0]}]` of each batch"
            yield found(PARTIAL, piece.at(call.lineno), message, piece.line(call.lineno)[:120])
    for piece, node in module.statements():
        if isinstance(node, ast.For | ast.AsyncFor) and is_over_batches(module, node):
            text = f"the last batch of the loop in line {node.lineno}"
            yield from one_batch(module, piece, node, names_of(batch_of(node)), text)
            yield from first_batches(module, piece, node)
        elif isinstance(node, ast.Assign) and is_first_batch(node.value):
            yield from one_batch(module, piece, node, names_of(node.targets[0]), "the first batch")


def compared(call: ast.Call) -> tuple[str, list[ast.expr]]:
    """`ssim(a, b)`, `(a == b).mean()`, `abs(a - b)` and `np.mean((a - b) ** 2)`: what is worked out, and of what."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)
    if METRIC.match(name) or name in SCORES:
        return name, call.args[:2]
    if name not in ("mean", "sum") and not (name == "abs" and isinstance(call.func, ast.Name)):
        return "", []
    for inner in ast.walk(call):
        if isinstance(inner, ast.Compare) and isinstance(inner.ops[0], ast.Eq):
            return "equality", [inner.left, *inner.comparators]
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
            return "difference", [inner.left, inner.right]
    return "", []


def is_a_metric(module: Module, call: ast.Call, name: str) -> bool:
    """Whether what is worked out, or what it is assigned to, is called a metric: a difference may be a loss."""
    holders = list(module.enclosing(call))
    named = [target for holder in holders if isinstance(holder, ast.Assign) for target in holder.targets]
    names = {last_name(target) for target in (call.func, *named)}
    functions = [holder.name for holder in holders if is_function(holder)]
    names.update(() if named else functions)
    judged = name == "difference" and not named and any(map(JUDGES.match, functions))
    return name in SCORES or judged or any(map(METRIC.match, names)) or any(map(is_logged, holders))


def is_logged(node: ast.AST) -> bool:
    """`self.log("val/l1", …)`: what is recorded of held-out data, by whatever name, is a metric."""
    what = node.args[0] if isinstance(node, ast.Call) and node.args and last_name(node.func).startswith("log") else None
    return isinstance(what, ast.Constant) and isinstance(what.value, str) and bool(LOGGED.search(what.value))


def is_long(part: str) -> bool:
    """Whether `:N` takes so many that they are samples."""
    return part.startswith(":") and int(part[1:]) >= MANY


def sees_batches(module: Module, holder: ast.AST, name: str, part: str) -> bool:
    """A loop over a loader, or a function that is called with one batch after the other.

    A function that evaluates may be given single pictures or boxes as well: there a short part says nothing.
    """
    if part == ":4" and BOXES.search(name):
        return False
    if is_function(holder):
        if METRIC.match(holder.name) and "batch" in parameters_of(holder):
            return True
        return (EVALUATES if is_long(part) else STEPS).search(holder.name) is not None
    return isinstance(holder, ast.For | ast.AsyncFor) and is_over_batches(module, holder)


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


def fixed_part(module: Module, node: ast.expr) -> str:
    """`0` of `x[0]`, of `x[0].cpu().numpy()` and of a name for it, `:4` of `f(x[:4])`; "" for the whole."""
    inside: list[ast.expr] = []
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call) and len(node.args) == 1:
            inside.append(node.args[0])
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        scope = module.scope(node)
        values = [value for value in module.given.get(node.id, []) if module.scope(value) is scope]
        parts = {slice_of(value) for value in values}
        own = parts.pop() if len(parts) == 1 else ""
        return own or next((part for argument in inside if (part := slice_of(argument))), "")
    return slice_of(node)


def slice_of(node: ast.expr) -> str:
    """The part that an expression itself takes."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Subscript):
        return ""
    text = ast.unparse(node.slice)
    return re.sub("^0:", ":", text) if re.fullmatch(r"-?1|\d+|0?:\d+", text) else ""


def one_batch(module: Module, piece: Piece, start: ast.stmt, names: Iterable[str], which: str) -> Iterator[Finding]:
    """A metric of one batch: behind a loop over batches of what it leaves, its last one; or of the first."""
    batch = set(names)
    for following in after(module, start):
        if not (isinstance(following, ast.Assign) and not batch.isdisjoint(names_of(following.value))):
            stored = [node for node in ast.walk(following) if isinstance(node, ast.Name)]
            batch -= {node.id for node in stored if isinstance(node.ctx, ast.Store)}  # by the next loop, a list's cat()
        for call in (inner for inner in ast.walk(following) if isinstance(inner, ast.Call)):
            name, pair = compared(call)
            used = {inner for argument in pair for inner in names_of(argument)}
            if batch.isdisjoint(used) or not (name == "equality" or is_a_metric(module, call, name)):
                continue
            said = piece.line(start.lineno) if isinstance(start, ast.Assign) else ""
            if not (SAYS_SO.search(said) or says_so(module, piece, call, call.lineno - 1, call.lineno)):
                message = f"{name} of {which}"
                yield found(PARTIAL, piece.at(call.lineno), message, piece.line(call.lineno)[:120])
                return


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


def first_batches(module: Module, piece: Piece, loop: ast.For | ast.AsyncFor) -> Iterator[Finding]:
    """`if step == 20: break`, or islice(loader, 20), in a loop that measures on held-out data."""
    if not any(HELD_OUT.search(name) for name in names_of(loop.iter)):
        return
    counters = set(names_of(loop.target)) - set(names_of(batch_of(loop)))
    for place, text in limits(loop, counters):
        if measures(loop) and not says_so(module, piece, loop, loop.lineno - 1, place.lineno + 1):
            message = f"measured until `{text}`, not on all of {ast.unparse(loop.iter)[:60]}"
            yield found(PARTIAL, piece.at(place.lineno), message, piece.line(place.lineno)[:120])


def limits(loop: ast.For | ast.AsyncFor, counters: set[str]) -> Iterator[tuple[ast.stmt, str]]:
    """Where a loop over batches ends at a fixed number of them."""
    taken = loop.iter.args if isinstance(loop.iter, ast.Call) and last_name(loop.iter.func) == "islice" else []
    if len(taken) > 1 and isinstance(taken[1], ast.Constant):
        yield loop, ast.unparse(loop.iter)
    for inner in loop.body:
        test = inner.test if isinstance(inner, ast.If) and isinstance(inner.body[-1], ast.Break) else None
        fixed = isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant)
        if test is not None and fixed and not counters.isdisjoint(names_of(test)):
            yield inner, ast.unparse(test)


def measures(loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop works out a metric or counts what is right."""
    return any(METRIC.match(name) or COUNTED.search(name) for part in loop.body for name in names_of(part))


def names_of(node: ast.AST) -> Iterator[str]:
    """Names and attributes in a node."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr


def says_so(module: Module, piece: Piece, node: ast.AST, first: int, last: int) -> bool:
    """Whether some line, or the name or docstring of a function around it, says which part it is."""
    around = [holder for holder in module.enclosing(node) if is_function(holder)]
    words = [f"{holder.name} {ast.get_docstring(holder, clean=False) or ''}" for holder in around]
    return any(map(SAYS_SO.search, (*map(piece.line, range(first, last + 1)), *words)))
