"""Numbers that PyYAML reads as text: `2e-5`, in which it wants a point, and a sign before the exponent."""

import ast
import re
from collections.abc import Iterator, Sequence

import yaml

from audit.rules.code import Module, has_unpacked_keywords
from audit.rules.configuration.entries import MAX_COMPOSED
from audit.target import Piece

# `1e-3` and `1.5e4`, but no checksum that happens to look like one.
NUMBER = re.compile(r"[-+]?(?:\d{1,4}|\d{0,4}\.\d{0,8})[eE][-+]?\d{1,2}")
LIKELY = re.compile(r"[\s\[,][-+]?\d{0,4}\.?\d{0,8}[eE][-+]?\d{1,2}\s*(?:[,\]#}]|$)", re.M)
NAMING = re.compile(r"(?:^|_)(?:id|name|tag|sha\w*|hash|commit|version|revision|code|uuid|run)s?$", re.I)
READS = {f"yaml.{name}" for name in ("load", "safe_load", "full_load", "unsafe_load", "safe_load_all", "load_all")}
# Whose YAML has such numbers, or who turns texts into what a field is declared as.
KNOWING = {
    "omegaconf", "hydra", "ruamel", "ruamel_yaml", "jsonargparse", "yacs", "mmengine", "mmcv", "dynaconf",
    "strictyaml", "pyrallis", "draccus", "simple_parsing", "tyro", "detectron2", "fvcore",
}  # fmt: skip
CONVERTS = {"float", "eval", "literal_eval", "Decimal", "float32", "float64"}
EVERY = "**"  # of the texts of a table


def texts(pieces: Sequence[Piece], modules: Sequence[Module]) -> Iterator[tuple[Piece, str, int, str]]:
    """(file, key, line, value) of each number that the code gets as text, and does not make a number of.

    Args:
        pieces: configurations that are loaded; those that are no YAML are passed over.
        modules: the code that loads them.
    """
    likely = [piece for piece in pieces if piece.path.endswith((".yaml", ".yml")) and LIKELY.search(piece.text)]
    if not likely or not any(name in READS for module in modules for _, _, name in module.calls):
        return
    if any(origin.split(".")[0] in KNOWING for module in modules for origin in module.origins.values()):
        return
    numbers = set(conversions(modules))
    converted = "\n".join(numbers)
    if EVERY in numbers:
        return
    for piece in likely:
        for key, line, value in plain(piece):
            made = NAMING.search(key) or re.search(rf"\b{re.escape(key)}\b", converted)
            if NUMBER.fullmatch(value) and not made:
                yield piece, key, line, value


def plain(piece: Piece) -> Iterator[tuple[str, int, str]]:
    """(key, line, value) of what stands in a document without quotation marks and is a text to PyYAML."""
    if len(piece.text) > MAX_COMPOSED:
        return
    try:
        waiting = [("", yaml.compose(piece.text, Loader=yaml.SafeLoader))]
    except (ValueError, RecursionError, yaml.YAMLError):
        return
    while waiting:
        key, node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting += [(str(name.value), value) for name, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(key, value) for value in reversed(node.value)]
        elif isinstance(node, yaml.ScalarNode) and node.style is None and node.tag == "tag:yaml.org,2002:str":
            yield key, node.start_mark.line + 1, node.value


def conversions(modules: Sequence[Module]) -> Iterator[str]:
    """What the code makes numbers of, as it is written; EVERY where that is whatever a table holds."""
    for module in modules:
        if any(origin.startswith("pydantic") for origin in module.origins.values()):  # fields of a type
            fields = (node.target for _, node in module.statements() if isinstance(node, ast.AnnAssign))
            yield from map(ast.unparse, fields)
        for _, call, name in module.calls:
            last = name.rpartition(".")[2] or getattr(call.func, "attr", "")
            if last == "add_implicit_resolver" or (last == "set_defaults" and has_unpacked_keywords(call)):
                yield EVERY
            for value in call.args if last in CONVERTS else ():
                looped = isinstance(value, ast.Name) and is_of_items(module, value.id)
                yield EVERY if looped else ast.unparse(value)


def is_of_items(module: Module, name: str) -> bool:
    """Whether a loop over all entries of a table gives a name its values: `for key, value in config.items()`."""
    loops = (node for _, node in module.statements() if isinstance(node, ast.For))
    over_items = (loop.target for loop in loops if "items" in ast.unparse(loop.iter))
    return any(isinstance(one, ast.Name) and one.id == name for target in over_items for one in ast.walk(target))


def with_point(value: str) -> str:
    """`2.0e-5` for `2e-5`: how PyYAML knows it."""
    number, _, exponent = value.lower().partition("e")
    sign = "" if exponent[:1] in "+-" else "+"
    return f"{number if '.' in number else f'{number}.0'}e{sign}{exponent}"
