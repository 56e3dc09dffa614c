"""The submodules of a tree, which a checkout may hold as empty folders."""

import re

from audit.target import Target

PATH = re.compile(r"^\s*path\s*=\s*(\S+)\s*$", re.M)


def submodules(target: Target) -> tuple[str, ...]:
    """The folders that `.gitmodules` names, in its order, relative to the tree's root; read once."""
    if "submodules" not in target.derived:
        texts = [piece.text for piece in target.pieces if piece.path == ".gitmodules"]
        target.derived["submodules"] = tuple(path for text in texts for path in PATH.findall(text))
    paths: tuple[str, ...] = target.derived["submodules"]
    return paths
