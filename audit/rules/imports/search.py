"""Where Python looks for modules: whether a module adds a place that is not in the tree, or that nobody knows."""

import ast
import re

from audit.rules.code import Module
from audit.rules.local import Local

# What makes modules importable from elsewhere; names of which a path to a place in the tree is made.
MOVES = re.compile(r"sys\.path\s*(?:\+?=|\.extend|\[)|site\.addsitedir|git clone|%cd|os\.chdir|PYTHONPATH")
PATH_WORDS = {"os", "osp", "sys", "str", "Path", "pathlib", "__file__", "inspect"}


def moves_path(local: Local, module: Module) -> bool:
    """Whether a module makes Python look for modules in a place that is not in the tree, or that nobody knows."""
    texts = [piece.text for piece in module.pieces]
    if any(MOVES.search(text) for text in texts):
        return True
    if not any("sys.path" in text for text in texts):
        return False
    calls = [call for _, call, name in module.calls if name in ("sys.path.append", "sys.path.insert")]
    return not calls or any(not stays(local, module, argument) for call in calls for argument in call.args[-1:])


def stays(local: Local, module: Module, node: ast.expr, depth: int = 0) -> bool:
    """Whether a path is one of this tree: made of `__file__` and folders that are there."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            folder = inner.value.removeprefix("./").strip("/")
            if set(folder) <= {".", "/"}:
                # One stands in the folder of a notebook; in which one stands elsewhere, nobody knows.
                known = ".." not in folder or "__file__" in ast.unparse(node) or module.is_notebook
            else:
                known = any(f"/{other}".endswith(f"/{folder}") for other in local.folders)
            if not known:
                return False
        elif isinstance(inner, ast.Attribute) and inner.attr in ("argv", "environ", "getenv"):
            return False
        elif isinstance(inner, ast.Name) and inner.id not in PATH_WORDS:
            given = module.given.get(inner.id, [])
            few = depth <= 2 and 0 < len(given) < 5
            if not few or not all(stays(local, module, value, depth + 1) for value in given):
                return False
    return True
