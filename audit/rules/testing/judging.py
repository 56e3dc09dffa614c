"""Which loops and functions judge, and what they call the batch, or the samples, that they are given."""

import ast
import re

from audit.rules.code import Module, called, is_function, last_name
from audit.rules.testing.batches import HELD_OUT, batch_of, is_over_batches, trains
from audit.rules.testing.looped import OF_ALL, is_measured_later, measures
from audit.rules.testing.parts import names_of
from audit.rules.testing.taken import RANKED
from audit.rules.testing.words import JUDGES, LABELLED, METRIC

RANKS = re.compile(r"n?dcg|mrr|hit_?ra|_at_|top|rank|recommend|retriev|candidate|k\b")  # how good the first are
LOOPS = ast.For | ast.AsyncFor
ONE_STEP = re.compile(r"(^|_)(val(id|idation)?|test|eval|predict_and_score)_(step|batch)$|^(evaluate|score)_batch$")
JUDGED = re.compile(r"(^|_)(val(id|idation)?|test|eval|evaluat\w+|score[sd]?|metrics|hold_?out|held_?out)(_|$)", re.I)
ERROR = re.compile(r"\b((absolute|squared|percentage|mean) error|error rate|\w+ score|wape|w?mape|score of)\b", re.I)
METER = re.compile(r"eval|metric|meter|valid|scor", re.I)
TOLD = {"update", "add", "add_batch", "process", "accumulate", "process_batch"}  # of each batch, to what keeps count
HANDED = {"self", "model", "net", "params", "state", "cls", "batch_idx", "batch_index", "step", "dataloader_idx"}


def given_by(module: Module, node: ast.AST) -> list[str]:
    """What a loop that judges calls its batch, or a step that does; nothing for any other."""
    if is_function(node):
        given = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        holder = module.parents[node]
        keeps = node.name in TOLD and isinstance(holder, ast.ClassDef) and bool(METER.search(holder.name))
        if keeps and any(isinstance(one, ast.Call) and RANKED.match(called(one)) for one in ast.walk(node)):
            return []  # how good the first of a ranking are
        inside = ast.walk(node) if METRIC.match(node.name) else ()
        calls = {called(one) for one in inside if isinstance(one, ast.Call)}
        ranks = RANKS.search(" ".join((node.name, *given))) is not None or any(map(RANKED.match, calls))
        measured = METRIC.match(node.name) and not ranks and "set" not in calls
        return [name for name in given if name not in HANDED] if keeps or measured or is_step(node) else []
    if not isinstance(node, LOOPS) or trains(node):
        return []
    several = isinstance(batch_of(node), ast.Tuple | ast.List) or "batch" in last_name(batch_of(node))
    if not (several or is_over_batches(module, node)) or not judges(module, node):
        return []
    return list(dict.fromkeys(one.id for one in ast.walk(batch_of(node)) if isinstance(one, ast.Name)))


def is_step(node: ast.AST) -> bool:
    """Whether a function judges one batch."""
    return is_function(node) and ONE_STEP.search(node.name) is not None


def is_metric(node: ast.AST) -> bool:
    """Whether a function is called a metric, and is no step."""
    return is_function(node) and METRIC.match(node.name) is not None and not is_step(node)


def is_asked_for(function: ast.AST, index: ast.expr | None) -> bool:
    """Whether a parameter says how many are taken, or which."""
    given = {one.arg for one in ast.walk(getattr(function, "args", function)) if isinstance(one, ast.arg)}
    return index is not None and any(isinstance(one, ast.Name) and one.id in given for one in ast.walk(index))


def judges(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop works out how good something is: by its function's name or summary, or of held-out data."""
    scope = module.scope(loop)
    if is_function(scope):
        if JUDGES.match(scope.name) or METRIC.match(scope.name) or JUDGED.search(scope.name):
            return True
        summary = (ast.get_docstring(scope) or "").partition("\n")[0]
        if LABELLED.search(summary) or ERROR.search(summary):
            return True
        if OF_ALL.search(summary) and measures(loop):
            return True
    held_out = any(map(HELD_OUT.search, names_of(loop.iter)))
    return held_out and (measures(loop) or is_measured_later(module, loop))
