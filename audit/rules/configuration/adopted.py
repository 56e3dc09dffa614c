"""Configurations that a function of the tree is there to load, whoever calls it with their path."""

import ast
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from audit.rules.code import Function, Module, is_function, is_parameter, strings
from audit.rules.configuration.aside import lies_beside
from audit.rules.configuration.entries import Leaf
from audit.rules.configuration.flow import Flow
from audit.rules.configuration.listing import defaults
from audit.rules.configuration.loading import FORMATS, formats
from audit.target import Piece

DEEPEST = 4  # calls through which a path is handed on
FEWEST = 2  # tables of a file: one name says too little


def is_adopted(piece: Piece, leaves: tuple[Leaf, ...], flow: Flow, places: Collection[PurePosixPath]) -> bool:
    """Whether a module asks for all tables of a file and for most entries, of what its callers' path leads to.

    No other of its format lies beside it (`places`), which might be the one that is meant.
    """
    place = PurePosixPath(piece.path)
    suffix = place.suffix.lower()
    if any(other != place and lies_beside(str(other), place) for other in places):
        return False
    first = {leaf.keys[0] for leaf in leaves}
    last = [leaf.keys[-1] for leaf in leaves]
    if len(first) < FEWEST:
        return False
    for module in flow.every:
        if suffix not in formats(module):
            continue
        texts = set(strings(module))
        if first <= texts and 2 * sum(key in texts for key in last) >= len(last) and any(opened(module, flow)):
            return True
    return False


def opened(module: Module, flow: Flow) -> Iterator[bool]:
    """For each function that loads in a module: whether its path comes from outside the tree."""
    for _, call, name in module.calls:
        function = module.scope(call)
        if name.partition(".")[0] in FORMATS and is_function(function):
            yield any(is_open(function, item.arg, flow) for item in function.args.args if item.arg != "self")


def is_open(function: Function, name: str, flow: Flow, depth: int = 0) -> bool:
    """Whether nobody in the tree gives a parameter a value of its own."""
    if depth > DEEPEST or any(defaults(function, name)):
        return False
    for module, value, _ in flow.arguments(function, name):
        if not isinstance(value, ast.Name) or not is_parameter(module, value):
            return False
        holder = module.scope(value)
        if not is_function(holder) or not is_open(holder, value.id, flow, depth + 1):
            return False
    return True
