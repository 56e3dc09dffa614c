"""What a program says on its way to the training that it starts: progress of a run, and no answer of a command."""

import ast
import re

from audit.rules.code import Module, called, is_function

STARTS = re.compile(r"^_*(train|fit)(_(the_)?(model|network|net|loop|classifier|and_\w+))?$|^(run|start)_training$")
TRAINER = re.compile(r"(^|[._])trainer$", re.I)
GOES = {"run", "train", "fit", "start"}
# What is fitted to data before a model is.
PREPARES = re.compile(r"scal|encod|vectori|tokeni|imput|pca|binari|select|tfidf|transf|process|norm|vocab|kmeans", re.I)
COMMAND = re.compile(r"command|callback", re.I)  # `@app.command()`


def launches(module: Module, leaving: list[ast.stmt]) -> dict[ast.AST | None, int]:
    """Function, None for what stands in none -> the line in which it last starts a training; but for these blocks."""
    lines: dict[ast.AST | None, int] = {}
    for _, call, _ in module.calls:
        if starts(call) and not any(holder in leaving for holder in module.enclosing(call)):
            part = function_of(module, call)
            if not any(COMMAND.search(ast.unparse(mark)) for mark in getattr(part, "decorator_list", ())):
                lines[part] = max(call.lineno, lines.get(part, 0))
    return lines


def starts(call: ast.Call) -> bool:
    """Whether a call trains: `train(model, data)`, `trainer.run()`, `forest.fit(x, y)`; `model.train()` does not."""
    last = called(call)
    if not isinstance(call.func, ast.Attribute):
        return STARTS.search(last) is not None
    holder = ast.unparse(call.func.value)
    if TRAINER.search(holder):
        return last in GOES
    given = len(call.args) + len(call.keywords)
    return STARTS.search(last) is not None and given > 1 and PREPARES.search(holder) is None


def is_on_the_way(module: Module, call: ast.expr, known: dict[ast.AST | None, int]) -> bool:
    """Whether a print comes before the training that its function, or the program, starts."""
    return bool(known) and call.lineno < known.get(function_of(module, call), 0)


def function_of(module: Module, node: ast.AST) -> ast.AST | None:
    """The innermost function around a node."""
    return next(filter(is_function, module.enclosing(node)), None)
