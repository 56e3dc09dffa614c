"""Whether a function asks for the file that it reads, tests its path or has it checked before."""

import ast
import re

from audit.rules.code import Function, Module, last_name
from audit.rules.handling.callers import LOOKS, SEES_TO, askers, asking_calls, mentions
from audit.rules.handling.conditions import is_prepared, is_question
from audit.rules.handling.sources import name_of, values_of
from audit.rules.reading import EXISTS, is_after, is_of_other_file, parameter
from audit.trees import inside

MADE = re.compile(r"(^|_)(out(put)?|dest(ination)?|save)(_|$)", re.I)  # what calls a path that the function writes

Reading = tuple[ast.Call, ast.expr]  # a call that reads a file, and its path
Condition = ast.If | ast.IfExp | ast.Assert | ast.While


def asks(module: Module, function: Function, told: set[str], line: int, read: Reading | None = None) -> bool:
    """Whether a function asks for files, is called so, has its paths checked before, or tests or passes on this one."""
    asking = id(function) in askers(module) and not asks_of_others(module, function, told, read)
    if asking or is_prepared(function):
        return True
    whole = {re.split(r"[.\[]", name)[0] for name in told} - {"self"}  # `check(cfg)` before `open(cfg.path)`
    conditions, calls = looking(module, function) if told else ([], [])
    if any(node.lineno <= line and is_question(node, told) for node in conditions):
        return True
    for call in calls:
        names = told | whole if LOOKS.search(name_of(call)) else told
        if call.lineno >= line or (read and is_of_archive(module, call, read)):
            continue
        if any(mentions(value, names) for value in values_of(call)):
            return True
    return False


def looking(module: Module, function: Function) -> tuple[list[Condition], list[ast.Call]]:
    """The conditions in a function, and its calls of what is called like something that sees to files; found once."""
    known: dict[int, tuple[list[Condition], list[ast.Call]]] = module.derived.setdefault("looking", {})
    if id(function) not in known:
        every = list(inside(function))
        conditions = [node for node in every if isinstance(node, ast.If | ast.IfExp | ast.Assert | ast.While)]
        calls = [node for node in every if isinstance(node, ast.Call) and SEES_TO.search(name_of(node))]
        known[id(function)] = conditions, calls
    return known[id(function)]


def is_of_archive(module: Module, node: ast.Call, read: Reading) -> bool:
    """Whether a call runs only where another file is there: `if exists(archive): unpack(archive, folder)`."""
    around = set(module.enclosing(read[0]))
    ifs = (one for one in module.enclosing(node) if isinstance(one, ast.If) and one not in around)
    asked = (part for one in ifs for part in ast.walk(one.test) if isinstance(part, ast.Call) and one.test is part)
    return any(last_name(one.func) in EXISTS and is_of_other_file(module, one, *read) for one in asked)


def asks_of_others(module: Module, function: Function, names: set[str], read: Reading | None) -> bool:
    """Whether all that a function asks for or lists are files or parameters of its own other than those of a path."""
    every = [call for call in asking_calls(module) if module.scope(call) is function]
    subjects = [call for call in every if read is None or not is_after(module, call, read[0])]
    if every and not subjects:
        return True
    for call in subjects if names else ():
        if read is not None and last_name(call.func) in EXISTS and is_of_other_file(module, call, *read):
            continue
        of = {one.id for one in ast.walk(call) if isinstance(one, ast.Name) and one.id not in module.origins}
        of -= {"str", "sorted", "open"}
        if mentions(call, names):
            return False
        if not of or any(one == "self" or parameter(one, [function]) is None for one in of):
            return False
    return bool(names and subjects) and not any(map(MADE.search, names))
