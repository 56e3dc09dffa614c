"""Functions whose documentation says that they raise where a file is not there: whoever calls them knows."""

import ast
import re

from audit.rules.code import Function

# `Raises:` in its three spellings, and the error in what follows.
TELLS = re.compile(
    r"(?:^\s*Raises\b|:raises?\b|\braises\b)(?:(?!^\s*(?:Args|Returns?|Yields?|Examples?|Notes?|Parameters)\b).)*?"
    r"\b(?:FileNotFoundError|OSError|IOError)\b",
    re.M | re.S,
)


def promises_error(function: Function) -> bool:
    """Whether the documentation of a function names the error that it raises for a file that is not there."""
    said = ast.get_docstring(function, clean=False) or ""
    return "Error" in said and TELLS.search(said) is not None
