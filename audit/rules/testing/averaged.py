"""Means of the first so many of what was measured that are told as those of all."""

import ast
import re
from collections.abc import Iterator

from audit.model import Finding, found
from audit.rules.code import Module, called, is_function, last_name
from audit.rules.testing.labelled import told_as
from audit.rules.testing.narrowed import narrowing_of
from audit.rules.testing.partial import PARTIAL, is_condition, named, says_so
from audit.rules.testing.parts import AT_K, MANY, whole_number
from audit.rules.testing.taken import RANKED, is_rest
from audit.rules.testing.words import DESCRIBED, LOOKS, METRIC, SAYS_SO

MEANS = {"mean", "average", "median", "nanmean", "nanmedian", "fmean", "sum", "std"}
MEASURED = re.compile(
    r"(^|_)(n_?)?(corrects?|hits?|accs?|scores?|errors?|errs?|success(es|ful)?|settled|solved|won|wins?|match(es)?)$",
    re.I,
)  # what holds one value for each sample
RESULT = re.compile(r"(^|[/_ ])(success|solved|win|hit|failure|pass)(_?rate|ed)?$", re.I)
BEGINS = re.compile(r"warm|baseline|init|before|begin|start|early|head|window|top|best|worst|\bk\b|_k$|@", re.I)
SORTED = re.compile(r"sorted\(|argsort|\.sort\(|topk|nlargest|nsmallest|most_common")


def averaged(module: Module, told: set[tuple[int | None, int]]) -> Iterator[Finding]:
    """`settled[:20].mean()`, `sum(hits[:100]) / 100` under the name of a metric."""
    if not any("[:" in piece.text for piece in module.pieces):
        return
    for piece, call, _ in module.calls:
        taken = first_of(call)
        if taken is None or (piece.cell, call.lineno) in told or is_condition(module, call):
            continue
        words = [word for word in told_as(module, call) if word]
        of = last_name(taken.value)
        metric = (
            METRIC.match(of) or MEASURED.search(of) or any(METRIC.match(word) or RESULT.search(word) for word in words)
        )
        if not metric or not words or is_meant(module, call, taken, [of, *words]):
            continue
        if not says_so(module, piece, call, call.lineno - 1, call.lineno):
            message = f"{called(call)} of `{ast.unparse(taken)}`, the first of what was measured"
            yield found(PARTIAL, piece.at(call.lineno), message, piece.line(call.lineno)[:120])


def first_of(call: ast.Call) -> ast.Subscript | None:
    """`x[:20]` of `x[:20].mean()` and of `np.mean(x[:20])`, where x has a name and 20 is written out."""
    if called(call) not in MEANS:
        return None
    of = call.func.value if isinstance(call.func, ast.Attribute) else None
    for given in (of, *call.args[:1]):
        asks = isinstance(given, ast.Compare) and not isinstance(given.ops[0], ast.Eq)  # `(x[:20] > 0).mean()`
        one = given.left if asks and isinstance(given, ast.Compare) else given
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Slice) and last_name(one.value):
            lower, upper, step = one.slice.lower, one.slice.upper, one.slice.step
            if (lower is None or whole_number(lower) == 0) and step is None and (whole_number(upper) or 0) >= MANY:
                return one
    return None


def is_meant(module: Module, call: ast.Call, taken: ast.Subscript, words: list[str]) -> bool:
    """Whether the first differ from the rest, by rank or time, the rest is taken as well, or a word says so."""
    if any(SAYS_SO.search(word) or BEGINS.search(word) or AT_K.search(word) for word in words):
        return True
    around = [holder for holder in module.enclosing(call) if is_function(holder)]
    if any(LOOKS.search(named(one)) or BEGINS.search(one.name) for one in around):
        return True
    if any(DESCRIBED.search(ast.get_docstring(one) or "") for one in around) or is_rest(module, taken.value):
        return True
    given = narrowing_of(module).value_of(taken.value) if isinstance(taken.value, ast.Name) else None
    source = ast.unparse(given[0]) if given else ""
    sorts = f"{ast.unparse(taken.value)}.sort("
    ranked = SORTED.search(source) or any(RANKED.match(word) for word in re.findall(r"\w+", source))
    return bool(ranked) or any(sorts in piece.text for piece in module.pieces)
