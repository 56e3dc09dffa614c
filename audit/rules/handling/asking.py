"""Whether a function asks for the file that it reads, tests its path or has it checked before."""

import ast
import re

from audit.rules.code import Function, Module, last_name
from audit.rules.handling.callers import LOOKS, SEES_TO, askers, asking_calls, mentions
from audit.rules.handling.conditions import is_prepared, is_question
from audit.rules.handling.sources import name_of, values_of
from audit.rules.reading import EXISTS, is_after, is_of_other_file, parameter

MADE = re.compile(r"(^|_)(out(put)?|dest(ination)?|save)(_|$)", re.I)  # what calls a path that the function writes

Reading = tuple[ast.Call, ast.expr]  # a call that reads a file, and its path


def asks(module: Module, function: Function, told: set[str], line: int, read: Reading | None = None) -> bool:
    """Whether a function asks for files, is called so, has its paths checked before, or tests or passes on this one."""
    asking = id(function) in askers(module) and not asks_of_others(module, function, told, read)
    if asking or is_prepared(function):
        return True
    whole = {re.split(r"[.\[]", name)[0] for name in told} - {"self"}  # `check(cfg)` before `open(cfg.path)`
    for node in ast.walk(function) if told else ():
        if getattr(node, "lineno", line) > line:
            continue
        if isinstance(node, ast.If | ast.IfExp | ast.Assert | ast.While) and is_question(node, told):
            return True
        seen_to = isinstance(node, ast.Call) and node.lineno < line and SEES_TO.search(name_of(node)) is not None
        names = told | whole if seen_to and isinstance(node, ast.Call) and LOOKS.search(name_of(node)) else told
        if not (seen_to and isinstance(node, ast.Call)) or (read and is_of_archive(module, node, read)):
            continue
        if any(mentions(value, names) for value in values_of(node)):
            return True
    return False


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
