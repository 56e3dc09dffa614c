"""Loaders, trainers and counts of batches that leave a part of the held-out data out, with no word of it."""

import ast
import re
from collections.abc import Iterator

from audit.model import Finding, found
from audit.rules.code import Module, called, is_constant, is_function, keyword, last_name
from audit.rules.testing.batches import BATCHES, HELD_OUT, trains
from audit.rules.testing.judging import judges
from audit.rules.testing.looped import OF_ALL, measures
from audit.rules.testing.partial import PARTIAL, is_called_metric
from audit.rules.testing.parts import names_of
from audit.rules.testing.shortened import SAYS
from audit.rules.testing.words import DESCRIBED, JUDGES, METRIC, SAYS_SO
from audit.target import Piece

LIMITS = ("limit_test_batches", "limit_val_batches")
CANDIDATES = ("drop_last=True", "drop_remainder=True", *LIMITS, "steps=")
SIZE = re.compile(r"batch_?size|^bs$|^bsz$", re.I)
LOOPS = ast.For | ast.AsyncFor
HOOK = re.compile(r"(\w+)_dataloader$")  # of Lightning: validation while training may well leave a batch out
TPU = re.compile(r"\btpu|TPU")
DIVIDES = re.compile(r"//[^\n]*b(atch|s)", re.I)


def incomplete(module: Module, told: set[tuple[int | None, int]]) -> Iterator[Finding]:
    """A last batch that is dropped, a share of the batches, so many steps: where a metric is worked out of the rest."""
    for piece, node in candidates(module):
        text = ""
        if isinstance(node, ast.Call):
            text = dropped(module, node) or limited(node) or stepped(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
            text = divided(module, node)
        line = node.lineno if isinstance(node, ast.expr) else 0
        if text and (piece.cell, line) not in told and not is_told(module, piece, node, line):
            yield found(PARTIAL, piece.at(line), text, piece.line(line)[:120])


def candidates(module: Module) -> Iterator[tuple[Piece, ast.AST]]:
    """Calls and divisions of pieces in which one of the words stands."""
    for piece in module.pieces:
        kinds: set[type[ast.AST]] = {ast.Call} if any(word in piece.text for word in CANDIDATES) else set()
        kinds |= {ast.BinOp} if "//" in piece.text and DIVIDES.search(piece.text) else set()
        yield from ((piece, node) for node in piece.of(*kinds))


def is_told(module: Module, piece: Piece, node: ast.AST, line: int) -> bool:
    """Whether a line, a name or a docstring says that it is a part, or it is only so where somebody asks for it."""
    holders = list(module.enclosing(node))
    around = [holder for holder in holders if is_function(holder)]
    if any(SAYS_SO.search(one.name) or DESCRIBED.search(ast.get_docstring(one) or "") for one in around):
        return True
    last = getattr(node, "end_lineno", None) or line
    lines = [piece.line(number) for number in range(line, min(last, line + 12) + 1)]
    before = piece.line(line - 1).strip()
    comments = [text.partition("#")[2] for text in (*lines, before)]
    return any(map(SAYS.search, [piece.line(line).replace("limit_", ""), *comments])) or any(
        re.search(r"drop|incompl", t) for t in comments
    )


def dropped(module: Module, call: ast.Call) -> str:
    """A loader that drops the last batch of what is measured in the same function, or said to be all."""
    if not is_constant(keyword(call, "drop_last") or keyword(call, "drop_remainder"), True):
        return ""
    statement = next((holder for holder in module.enclosing(call) if isinstance(holder, ast.stmt)), None)
    if isinstance(statement, ast.Return) and statement.value is call:
        hook = HOOK.match(getattr(module.scope(call), "name", ""))
        return "the last batch of the test data is dropped" if hook and hook[1] == "test" else ""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return ""
    if is_constant(keyword(call, "shuffle"), True):
        return ""
    name, scope = statement.targets[0].id, module.scope(call)
    held_out = bool(HELD_OUT.search(name)) or any(HELD_OUT.search(word) for one in call.args for word in names_of(one))
    judges = is_function(scope) and bool(JUDGES.match(scope.name) or METRIC.match(scope.name))
    of_all = is_function(scope) and bool(OF_ALL.search((ast.get_docstring(scope) or "").partition("\n")[0]))
    if not (held_out or judges or of_all):
        return ""
    if held_out and (is_handed_out(module, scope, name) if is_function(scope) else is_judged_by(module, name)):
        return f"the last batch of {name} is dropped"
    for inner in ast.walk(scope):
        if isinstance(inner, LOOPS) and name in set(names_of(inner.iter)) and not trains(inner):
            if of_all or judges or measures(inner):
                return f"the last batch of {name} is dropped"
        elif isinstance(inner, ast.Call) and (JUDGES.match(called(inner)) or METRIC.match(called(inner))):
            given = [*inner.args, *(item.value for item in inner.keywords)]
            if held_out and any(isinstance(one, ast.Name) and one.id == name for one in given):
                return f"the last batch of {name} is dropped"
    return ""


def is_judged_by(module: Module, name: str) -> bool:
    """Whether a loop in a function goes through what the module calls so, and judges."""
    loops = (loop for loop in module.of(ast.For) if name in set(names_of(loop.iter)))
    return any(is_function(module.scope(loop)) and judges(module, loop) for loop in loops)


def is_handed_out(module: Module, scope: ast.AST, name: str) -> bool:
    """Whether a function returns the loader; what runs on a TPU has to drop what is no whole batch."""
    hook = HOOK.match(getattr(scope, "name", ""))
    if (hook and hook[1] != "test") or any(TPU.search(piece.text) for piece in module.pieces):
        return False
    returned = (one.value for one in ast.walk(scope) if isinstance(one, ast.Return) and one.value is not None)
    return any(name in {one.id for one in ast.walk(value) if isinstance(one, ast.Name)} for value in returned)


def limited(call: ast.Call) -> str:
    """`Trainer(limit_test_batches=0.2)`, of which the results are those of a part."""
    if not called(call).endswith("Trainer"):
        return ""
    for name in LIMITS:
        value = keyword(call, name)
        limit = value.value if isinstance(value, ast.Constant) else None
        if isinstance(limit, int | float) and not isinstance(limit, bool) and (0 < limit < 1 or isinstance(limit, int)):
            return f"{name}={limit}" if limit else ""
    return ""


def stepped(call: ast.Call) -> str:
    """`model.evaluate(test_ds, steps=20)`; of a generator so many steps may be all."""
    steps = keyword(call, "steps")
    if called(call) != "evaluate" or not (isinstance(steps, ast.Constant) and isinstance(steps.value, int)):
        return ""
    of = [*call.args[:1], *(item.value for item in call.keywords if item.arg == "x")]
    names = [last_name(one) for one in of]
    data = any(BATCHES.search(name) and HELD_OUT.search(name) for name in names)
    return f"evaluated for {steps.value} steps of {names[0]}" if data else ""


def divided(module: Module, node: ast.BinOp) -> str:
    """`n = len(x_test) // batch_size` batches in an evaluation: what is left over is not measured."""
    holder, scope = module.parents.get(node), module.scope(node)
    if not (is_function(scope) and any(map(SIZE.search, names_of(node.right)))):
        return ""
    summary = (ast.get_docstring(scope) or "").partition("\n")[0]
    if not (OF_ALL.search(summary) or JUDGES.match(scope.name) or METRIC.match(scope.name)):
        return ""
    if not (OF_ALL.search(summary) or any(map(is_called_metric, names_of(scope)))):
        return ""
    if "len" not in set(names_of(node.left)) and "shape" not in set(names_of(node.left)):
        return ""
    names: set[str] = set()
    if isinstance(holder, ast.Assign):
        names = {last_name(holder.targets[0])}
    elif not (isinstance(holder, ast.Call) and called(holder) == "range"):
        return ""
    for inner in ast.walk(scope):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Mod) and not isinstance(inner.left, ast.Constant):
            return ""  # what is left over is looked at
        if isinstance(inner, ast.Call) and called(inner) in ("ceil", "backward", "pad"):
            return ""
    for inner in ast.walk(scope):
        through = [inner.iter] if isinstance(inner, LOOPS | ast.comprehension) else []
        if any(called(one) == "range" and one.args for one in through if isinstance(one, ast.Call)) and (
            not names or names & set(names_of(through[0]))
        ):
            return f"as many whole batches as `{ast.unparse(node)}`, and none of what is left over"
    return ""
