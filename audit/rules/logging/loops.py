"""Loops and functions in which a module trains: what they say is no answer of a command."""

import ast
import re
from typing import TypeGuard

from audit.rules.code import Function, Module, called, dotted, is_function, last_name
from audit.rules.local import is_main
from audit.target import Piece

TRAINS = re.compile(r"(^|_)train(_|$)|^fit$|^backward$|^apply_gradients$|^optimi[sz]e(_parameters)?$")
OPTIMISER = re.compile(r"^(\w+_)?optim(i[sz]er)?s?(_\w+)?$|^(\w+_)?opt(_[A-Za-z])?$")
STEPPED = re.compile(r"^(update|learn|(\w+_)?step)(_\w+)?$")  # what is given an optimiser and called so, trains
LEARNING = re.compile(r"^(learn|update|replay|train|optimi[sz]e)(_\w+)?$")
LEARNER = re.compile(r"(^|[._])(agents?|learner|policy|dqn|ddqn|ddpg|sac|td3|ppo|a2c)\d*$", re.I)
TRAINING = re.compile(r"(^|[._])trainer$", re.I)  # which may train once for each of several models
FITTING = re.compile(r"^_*(train|fit)(_|$)")
FITS = re.compile(r"(^|\.)(fit|train)(_(model|network|net|loop|(one_)?epoch))?$")
FOLD = re.compile(r"^_*(run|do|cross_validate)_(\w+_)?folds?$")
COMMAND = re.compile(r"command|callback", re.I)  # `@app.command()`
ROUND = re.compile(r"epoch|episode", re.I)
PROGRAM = re.compile(r"(^|/)(\w+_)?train(ing|er)?(_\w+)?\.py$")  # whose rounds are those of training
TRAINER = re.compile(r"^(train|training_loop|train_(model|network|loop))$")
LEARNING_LIBRARIES = {"torch", "tensorflow", "keras", "jax", "sklearn", "lightgbm", "xgboost", "catboost"}
# What the functions of a program are called that work for its main function, and answer it.
WORK = re.compile(
    r"^_*(train|fit|evaluate|validate)(_(model|fold|epoch))?$"
    r"|^_*(load|read|build|make|create|get|prepare)(_\w+)?_(data\w*|models?|loaders?|features|splits?|frames?|tables?"
    r"|artifacts|artefacts|checkpoints?|weights)$"
    r"|^_*(calc|calculate|compute)_(\w+_)?(fid|metrics?|scores?|loss(es)?|accuracy|m?iou|auc|f1|psnr|ssim)$"
)
# What a trial run makes up, and what a run with data has.
MADE_UP = {"randn", "rand", "randint", "randn_like", "rand_like", "zeros", "ones", "standard_normal"}
REAL = re.compile(r"(load|read|open|parse|fetch|download)|DataLoader$|^(main|train|fit)(_|$)", re.I)


def training_loops(module: Module) -> set[ast.AST]:
    """Loops in which a model is trained: what is printed there is no command's answer; worked out once."""
    if "training loops" not in module.derived:
        module.derived["training loops"] = stepping(module) | fitting(module)
    loops: set[ast.AST] = module.derived["training loops"]
    return loops


def stepping(module: Module) -> set[ast.AST]:
    """Loops that go through the steps, epochs or folds of a training."""
    steps: set[ast.AST] = set()
    for _, call, name in module.calls:
        last = name.rpartition(".")[2] or getattr(call.func, "attr", "")
        given = any(OPTIMISER.search(last_name(argument)) for argument in call.args) and STEPPED.search(last)
        holder = name.rpartition(".")[0]
        learns = LEARNING.search(last) and (LEARNER.search(holder) or (last == "update" and TRAINING.search(holder)))
        if given or learns or TRAINS.search(last):
            direct = given or learns or last in ("backward", "apply_gradients")
            holders = [holder for holder in module.enclosing(call) if isinstance(holder, ast.For | ast.While)]
            steps.update(holder for holder in holders if direct or is_over_epochs(holder))
    for piece in module.pieces:
        for node in piece.tree.body if piece.tree else ():
            if is_function(node) and TRAINER.search(node.name):
                steps.update(inner for inner in ast.walk(node) if is_over_steps(inner))
    if PROGRAM.search(module.path):
        steps.update(loop for loop in module.of(ast.For) if ROUND.search(ast.unparse(loop.target)) or is_folds(loop))
    return steps


def fitting(module: Module) -> set[ast.AST]:
    """Functions that say that they train and have it done: `train_fold` with `lgb.train(...)` or `train_model(...)`."""
    holders: set[ast.AST] = set()
    for _, call, name in module.calls:
        if FITS.search(name):
            inside = next(filter(is_function, module.enclosing(call)), None)
            if inside and (FITTING.search(inside.name) or FOLD.search(inside.name)):
                holders.add(inside)
    return {holder for holder in holders if not is_command(holder)}


def is_command(part: ast.AST | None) -> bool:
    """Whether a function is a command of a program, which is started by its decorator."""
    return any(COMMAND.search(ast.unparse(mark)) for mark in getattr(part, "decorator_list", ()))


def is_of_learning(module: Module) -> bool:
    """Whether a program has to do with models: it is called after training, or imports what trains."""
    libraries = {origin.partition(".")[0] for origin in module.origins.values()}
    return PROGRAM.search(module.path) is not None or not libraries.isdisjoint(LEARNING_LIBRARIES)


def is_work(scope: ast.AST) -> TypeGuard[Function]:
    """Whether a function says that it trains, evaluates, loads data or builds a model."""
    return is_function(scope) and WORK.search(scope.name) is not None


def is_over_steps(loop: ast.AST) -> bool:
    """`for step in range(steps)`, of a function that says that it trains; `range(3)` may be anything."""
    if not (isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) and last_name(loop.iter.func) == "range"):
        return False
    return not any(isinstance(limit, ast.Constant) for limit in loop.iter.args[-1:])


def trainers(module: Module, loops: set[ast.AST], place: tuple[Piece, int] | None) -> set[ast.AST]:
    """Functions and main blocks that train by themselves: their name makes no command's answer of what they print."""
    held = {holder for loop in loops for holder in module.enclosing(loop)}
    for piece, node in module.statements():
        if place and piece is place[0] and (is_function(node) or isinstance(node, ast.If)):
            held.update({node} if node.lineno <= place[1] <= (node.end_lineno or 0) else ())
    return held


def is_folds(loop: ast.For) -> bool:
    """`for fold in folds: run_fold(...)`: another training in each round."""
    calls = (called(node) for node in ast.walk(loop) if isinstance(node, ast.Call))
    trains = any(TRAINS.search(name) or FOLD.search(name) for name in calls)
    return trains and "fold" in ast.unparse(loop.target).lower()


def is_over_epochs(loop: ast.For | ast.While) -> bool:
    """`for epoch in rounds`, `for _ in range(epochs)`, in which what trains may be a function of another file."""
    if not isinstance(loop, ast.For):
        return False
    counts = isinstance(loop.iter, ast.Call) and last_name(loop.iter.func) == "range"
    return "epoch" in ast.unparse(loop.iter if counts and dotted(loop.target) == "_" else loop.target).lower()


def trials(module: Module) -> list[ast.stmt]:
    """Main blocks that only try what the module defines, on numbers made up on the spot: they train nothing."""
    blocks = [node for piece in module.pieces if piece.tree for node in piece.tree.body if is_main(node)]
    found = []
    for block in blocks:
        names = {called(node) for node in ast.walk(block) if isinstance(node, ast.Call)}
        if not names.isdisjoint(MADE_UP) and not any(map(REAL.search, names)):
            found.append(block)
    return found


def is_tried(module: Module, tried: list[ast.stmt]) -> bool:
    """Whether all that trains in a module stands in these blocks."""
    backward = [call for _, call, _ in module.calls if called(call) == "backward"]
    return bool(tried and backward) and all(any(one in tried for one in module.enclosing(call)) for call in backward)
