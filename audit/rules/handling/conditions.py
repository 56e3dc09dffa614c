"""Conditions that ask for a path, and functions that say by name, type or decorator that they take care of one."""

import ast
import re

from audit.rules.code import Function, is_text, text_of
from audit.rules.handling.callers import mentions

ASKED_BY_TYPE = re.compile(r"exists ?= ?True|FileType|FilePath|click\.File|ExistingFile")
ASKING = re.compile(r"catch|handle|error|retry|safe|fixture|valid|try|maybe|if_exists", re.I)
# Decorators of what a framework calls, with paths of its own, and of what catches.
HELD = re.compile(f"{ASKING.pattern}|hook|mark_|register|loader|saver", re.I)
OF_FORMAT = re.compile(r"suffix|splitext|endswith")  # what kind of file it is


def is_prepared(function: Function) -> bool:
    """Whether a function is called like one that asks, or what decorates and types it does so."""
    if ASKING.search(function.name):
        return True
    if ASKED_BY_TYPE.search(" ".join(map(ast.unparse, (*function.decorator_list, function.args)))):
        return True
    return any(HELD.search(ast.unparse(decorator)) for decorator in function.decorator_list)


def does_nothing(function: Function) -> bool:
    """Whether the body of a function is no more than `pass`, as of a hook that a framework wants to be there."""
    return all(isinstance(line, ast.Pass) or is_text(line) for line in function.body)


def is_question(node: ast.If | ast.IfExp | ast.Assert | ast.While, told: set[str]) -> bool:
    """A condition that asks about the path, and not what reads it by its suffix."""
    return is_asking(node.test, told) and not is_of_format(node)


def is_asking(test: ast.expr, told: set[str]) -> bool:
    """A condition on the path that asks for more than whether one was given."""
    if isinstance(test, ast.BoolOp):
        return any(is_asking(value, told) for value in test.values)
    if isinstance(test, ast.UnaryOp):
        return is_asking(test.operand, told)
    words = test.comparators if isinstance(test, ast.Compare) else []
    if any(isinstance(one, ast.Constant) and one.value in (None, "") for one in words):
        return False
    return not isinstance(test, ast.Name | ast.Attribute) and mentions(test, told)


def is_of_format(node: ast.If | ast.IfExp | ast.Assert | ast.While) -> bool:
    """Whether a condition chooses by a file's suffix, or by what a word is equal to, and refuses none."""
    refuses = isinstance(node, ast.Assert) or any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    return not refuses and (OF_FORMAT.search(ast.unparse(node.test)) is not None or is_choice(node.test))


def is_choice(test: ast.expr) -> bool:
    """`split == "train"`: which of some words it is, and none of them the name of a file."""
    words = test.comparators if isinstance(test, ast.Compare) else []
    equal = isinstance(test, ast.Compare) and all(isinstance(one, ast.Eq | ast.NotEq) for one in test.ops)
    return equal and all(text_of(word).isidentifier() for word in words)
