"""Means of the first of what holds a value for each sample: `errors[:8].mean()`."""

import ast
import re
from collections.abc import Iterator

from audit.model import Finding, found
from audit.rules.code import Module, called, is_function
from audit.rules.testing.judging import is_asked_for
from audit.rules.testing.labelled import told_as
from audit.rules.testing.narrowed import DEPTH, narrowing_of
from audit.rules.testing.partial import PARTIAL, named, says_so
from audit.rules.testing.parts import is_rest_taken, names_of
from audit.rules.testing.words import COUNTED, JUDGES, LOOKS, METRIC, SAYS_SO

EACH = re.compile(r"(^|_)(errors?|errs?|corrects?|hits?|right|match(es)?|agree\w*|residuals?)(_|$)", re.I)
MEANS = {"mean", "sum", "average", "nanmean"}
SORTED = re.compile(r"sort|topk|rank|largest|smallest")
WORST = re.compile(r"worst|best|hard|top|max|min|early|initial|begin", re.I)


def headed(module: Module, told: set[tuple[int | None, int]]) -> Iterator[Finding]:
    """One finding for each mean of the first values that goes on under the name of a metric, with no word of it."""
    pieces = [piece for piece in module.pieces if "[:" in piece.text]
    for piece in pieces:
        for node in piece.of(ast.Call):
            if called(node) not in MEANS:
                continue
            cut = next(taken_first(module, node), None)
            if cut is None or (piece.cell, cut.lineno) in told or not is_metric(module, node):
                continue
            if says_so(module, piece, node, cut.lineno - 1, cut.lineno):
                continue
            told.add((piece.cell, cut.lineno))
            message = f"{called(node)} of `{ast.unparse(cut)[:60]}`, the first of all values"
            yield found(PARTIAL, piece.at(cut.lineno), message, piece.line(cut.lineno)[:120])


def taken_first(module: Module, call: ast.Call) -> Iterator[ast.Subscript]:
    """The first so many of a value for each sample, of which a mean is made; not of what has been sorted."""
    for one in ast.walk(call):
        if not (isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Slice)):
            continue
        if not (isinstance(one.value, ast.Name) and EACH.search(one.value.id)):
            continue
        if is_asked_for(module.scope(call), one.slice) or is_rest_taken(module.scope(call), one.slice):
            continue
        narrowing = narrowing_of(module)
        part = narrowing.subscript(one, DEPTH)
        given = narrowing.value_of(one.value)
        ranked = given is not None and any(map(SORTED.search, names_of(given[0])))
        if part and part.samples and part.kind == "front" and not ranked:
            yield one


def is_metric(module: Module, node: ast.Call) -> bool:
    """Whether a mean goes on under the name of a metric, or is what a function that judges gives back."""
    words = list(told_as(module, node))
    around = [holder for holder in module.enclosing(node) if is_function(holder)]
    names = [*words, *(named(holder) for holder in around)]
    if any(WORST.search(name) or SAYS_SO.search(name) or LOOKS.search(name) for name in names):
        return False
    if any(METRIC.match(word) or COUNTED.search(last_part(word)) for word in words):
        return True
    judges = any(JUDGES.match(holder.name) or METRIC.match(holder.name) for holder in around)
    return judges and any(isinstance(holder, ast.Return) for holder in module.enclosing(node))


def last_part(word: str) -> str:
    """`td_error` of `train/td_error`."""
    return word.rpartition("/")[2]
