"""Searches for hyperparameters that try other values in each run, whatever else is seeded."""

import ast
import re

from audit.rules.code import Module, called, is_constant, keyword
from audit.rules.options import Entries, arguments

SAMPLERS = {
    f"optuna.samplers.{name}"
    for name in ("TPESampler", "RandomSampler", "CmaEsSampler", "NSGAIISampler", "NSGAIIISampler", "GPSampler")
}
STUDY = "optuna.create_study"  # which takes a TPESampler without a seed where it is given none
STATES = {"hyperopt.fmin": "rstate", "hyperopt.fmin.fmin": "rstate"}  # the keyword of each that starts the draws
PLACED = 7  # arguments of fmin() before rstate
CHOSEN = re.compile(r"\bNone\b|seed|random_state")  # of a condition: another branch has the seed


def searched(module: Module, call: ast.Call, name: str) -> str:
    """What is wrong with a search that a call makes; "" for nothing."""
    if name not in SAMPLERS and name != STUDY and name not in STATES:
        return ""
    given = arguments(module, call)
    if given is None or is_chosen(module, call):
        return ""
    last = name.rpartition(".")[2]
    if name in STATES:
        seeded = len(call.args) > PLACED or any("HYPEROPT_FMIN_SEED" in piece.text for piece in module.pieces)
        if seeded:
            return ""
        return f"{last}() without {STATES[name]}=" if is_open(given, STATES[name]) else ""
    if name == STUDY:
        return f"{last}() without a seeded sampler" if is_open(given, "sampler") and is_run(module, call) else ""
    return f"{last} without seed=" if is_open(given, "seed") and not call.args else ""


def is_open(given: Entries, name: str) -> bool:
    """Whether a keyword is not given, or as None."""
    return name not in given or is_constant(given[name], None)


def is_chosen(module: Module, call: ast.Call) -> bool:
    """Whether a call only stands in for what is not given, or beside another that has the seed."""
    scope = module.scope(call)
    for holder in module.enclosing(call):
        if holder is scope:
            return False
        if isinstance(holder, ast.IfExp | ast.BoolOp | ast.arguments):
            return True
        if isinstance(holder, ast.If) and CHOSEN.search(ast.unparse(holder.test)):
            return True
    return False


def is_run(module: Module, call: ast.Call) -> bool:
    """Whether what makes a study also starts it, and gives it no sampler later: `study.sampler = ...`."""
    scope = module.scope(call)
    if keyword(call, "load_if_exists") is not None:
        return False  # one of several workers, which are not to try the same
    later = any(key.endswith(".sampler") for key in module.kept)
    starts = (other for _, other, _ in module.calls if called(other) == "optimize" and module.scope(other) is scope)
    return len(call.args) < 2 and not later and any(starts)
