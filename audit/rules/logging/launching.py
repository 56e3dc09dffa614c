"""What a program says on its way to the training that it starts: progress of a run, and no answer of a command."""

import ast
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping

from audit.rules.code import Module, called, dotted, is_function
from audit.rules.logging.loops import TRAINING, is_command, is_of_learning
from audit.rules.logging.printing import ENDS

# Function, None for what stands in none -> the lines in which it starts a training, in their order.
Launches = Mapping[ast.AST | None, list[int]]

STARTS = re.compile(r"^_*(train|fit)(_(the_)?(model|network|net|loop|classifier|and_\w+))?$|^(run|start)_training$")
GOES = {"run", "train", "fit", "start"}
# What is fitted to data before a model is.
PREPARES = re.compile(r"scal|encod|vectori|tokeni|imput|pca|binari|select|tfidf|transf|process|norm|vocab|kmeans", re.I)
# What is fitted, of a module that may take it from another: elsewhere a curve is fitted, or a picture to its frame.
MODEL = re.compile(r"model|net(work)?s?$|clf|classif|regress|estimat|forest|pipe(line)?$", re.I)


def launches(module: Module, leaving: list[ast.stmt]) -> Launches:
    """Where a module starts trainings, but for these blocks and for what is a command itself."""
    learning = is_of_learning(module)
    lines: dict[ast.AST | None, list[int]] = defaultdict(list)
    for _, call, _ in module.calls:
        if starts(call, learning=learning) and not any(holder in leaving for holder in module.enclosing(call)):
            lines[function_of(module, call)].append(call.lineno)
    return {part: sorted(found) for part, found in lines.items() if not is_command(part)}


def starts(call: ast.Call, *, learning: bool) -> bool:
    """Whether a call trains: `train(model, data)`, `trainer.run()`, `forest.fit(x, y)`; `model.train()` does not.

    Args:
        learning: whether the module has to do with models; in others only what is called one is fitted.
    """
    last = called(call)
    if not isinstance(call.func, ast.Attribute):
        return STARTS.search(last) is not None
    holder = ast.unparse(call.func.value)
    if TRAINING.search(holder):
        return last in GOES
    given = len(call.args) + len(call.keywords)
    trains = STARTS.search(last) is not None and given > 1 and PREPARES.search(holder) is None
    return trains and (learning or not last.startswith("fit") or MODEL.search(holder) is not None)


def is_on_the_way(module: Module, call: ast.expr, known: Launches) -> bool:
    """Whether a print comes before a training that its function, or the program, starts in the same run."""
    lines = known.get(function_of(module, call), []) if known else []
    line: int = call.lineno
    for holder in module.enclosing(call) if lines else ():
        if is_function(holder):
            break
        block = branch_of(holder, call.lineno) if isinstance(holder, ast.If) else []
        if block:
            end = block[-1].end_lineno or 0
            if bisect_right(lines, line) < bisect_right(lines, end):
                return True
            if ends(block[-1]):
                return False
            line = getattr(holder, "end_lineno", end)  # the other branch is not of the same run
    return bool(lines) and line < lines[-1]


def branch_of(choice: ast.If, line: int) -> list[ast.stmt]:
    """The statements of a choice among which a line stands."""
    blocks = (block for block in (choice.body, choice.orelse) if block)
    return next((block for block in blocks if block[0].lineno <= line <= (block[-1].end_lineno or 0)), [])


def ends(line: ast.stmt) -> bool:
    """Whether nothing of a function is done after a statement."""
    call = line.value if isinstance(line, ast.Expr) else None
    return isinstance(line, ast.Return | ast.Raise) or (isinstance(call, ast.Call) and dotted(call.func) in ENDS)


def function_of(module: Module, node: ast.AST) -> ast.AST | None:
    """The innermost function around a node."""
    return next(filter(is_function, module.enclosing(node)), None)
