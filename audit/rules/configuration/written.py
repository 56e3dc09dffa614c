"""Tables that are written out in the code: their keys, and which of their values are fixed."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import Module, dotted, last_name, text_of
from audit.target import Piece

TABLES = {"dict", "edict", "DotMap", "Munch", "Box", "OrderedDict"}
HOLDS = re.compile(r"(Dict|Proxy|Namespace)(Type)?$")  # of any library
DEEPEST = 6  # tables in each other
ROWS = re.compile(  # rows that are one value; others are choices
    r"(\w+_)?(betas|channels|filters|units|widths?|dims|layers|hidden(_\w+)?|lags|kernels?(_sizes?)?"
    r"|(img_|image_|crop_)?size|\w+_range)"
)
Entry = tuple[tuple[str, ...], ast.expr]  # the keys that lead to a value, in small letters


def tables(module: Module) -> Iterator[tuple[Piece, ast.Dict | ast.Call, list[tuple[str, ast.expr]]]]:
    """`{...}` and `dict(...)` with their keys in small letters."""
    for piece in module.pieces:
        for node in piece.of(ast.Dict, ast.Call):
            if isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and dotted(node.func) == "dict"):
                yield piece, node, pairs_of(node)


def pairs_of(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """Keys and values of a table; nothing of what is none."""
    if isinstance(node, ast.Dict):
        return [(text_of(key).lower(), value) for key, value in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Call) and (last_name(node.func) in TABLES or HOLDS.search(last_name(node.func))):
        inner = [pair for value in node.args for pair in pairs_of(value)]
        return inner + [((item.arg or "").lower(), item.value) for item in node.keywords]
    return []


def flat(pairs: list[tuple[str, ast.expr]], above: tuple[str, ...] = ()) -> list[Entry]:
    """The entries of a table and of those inside it, which stand for themselves or beside something in a pair."""
    found: list[Entry] = []
    for key, value in pairs:
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        inner = [pair for part in parts for pair in pairs_of(part)] if len(above) < DEEPEST else []
        found += flat(inner, (*above, key)) if inner else [((*above, key), value)]
    return found


def is_value(node: ast.expr) -> bool:
    """A constant, or a row of some."""
    return isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple | ast.List)


def is_number(node: ast.expr) -> bool:
    """A number; text may say anything, and a list is a choice."""
    value = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(value, ast.BinOp):
        return is_number(value.left) and is_number(value.right)  # `64 * 1024`, `1 / 3`
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)


def is_setting(key: str, node: ast.expr) -> bool:
    """A number, or a row of numbers that is one value: the decay rates of Adam, the widths of layers."""
    row = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return is_number(node) or bool(row and ROWS.fullmatch(key) and all(map(is_number, row)))


def said(value: object) -> str:
    """A value in words that are the same for all formats: 1e-3 is a text to YAML, and a tuple is a list."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(said, value))}]"
    if isinstance(value, bool) or value is None:
        return str(value)
    try:
        return str(float(str(value)))
    except ValueError:
        return str(value)


def said_by(node: ast.expr) -> str:
    """What a constant says; "" for what is none."""
    try:
        return said(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""
