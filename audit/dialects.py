"""Syntax trees of programs for this Python, for a newer and for an older one. Nothing is executed."""

import ast
import warnings

from audit import newer, python2


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
            for other, reason in ((newer.older, None), (python2.translated, (error.msg, error.lineno or 0))):
                changed = other(code)
                if changed == code:
                    continue
                try:
                    return ast.parse(changed), reason
                except SyntaxError:
                    continue
            raise
