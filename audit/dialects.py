"""Syntax trees of programs for this Python, for a newer and for an older one. Nothing is executed."""

import ast
import warnings

from audit import newer, python2
from audit.repaired import LONGEST, repaired


def tree_of(code: str) -> tuple[ast.Module, tuple[str, int] | None]:
    """The syntax tree of a program, and why this Python does not parse it, with the line, where only an older one does.

    Raises:
        SyntaxError: it is none.
        ValueError, RecursionError, MemoryError: it is made to break a parser.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # invalid escapes of the target are not ours to print
        try:
            return ast.parse(code), None
        except SyntaxError as error:
            older = newer.older(code)
            tree = parsed(older) if older != code else None
            if tree is not None:
                return tree, None
            translated = python2.translated(code)
            tree = parsed(translated) if translated != code else None
            if tree is None:
                raise
            return with_names(tree), (error.msg, error.lineno or 0)


def parsed(code: str) -> ast.Module | None:
    """The syntax tree of a program that has been rewritten; None where it is still none."""
    try:
        return ast.parse(code)
    except SyntaxError:
        return None


def rest_of(code: str) -> tuple[str, ast.Module | None]:
    """What parses of a program, every statement in its line, and its syntax tree; "", None where too much does not."""
    if len(code) > LONGEST:
        return "", None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        rest = repaired(newer.older(code))
        return (rest, parsed(rest)) if rest else ("", None)


def with_names(tree: ast.Module) -> ast.Module:
    """A tree with the names that the program has, where others stood for them while it was parsed."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and python2.ASYNC in value and not isinstance(node, ast.Constant):
                setattr(node, field, python2.restored(value))
    return tree
