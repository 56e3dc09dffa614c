"""What two copies may write otherwise: messages, the names by which libraries are imported, decorators, `self`."""

import ast
import re
import sys
from collections.abc import Mapping
from copy import copy

from audit.rules.code import Function, dotted
from audit.trees import inside

# Whose functions are called by several names: `F.pad`, `nn.functional.pad`, `torch.nn.functional.pad`.
LIBRARIES = sys.stdlib_module_names | {"numpy", "scipy", "pandas", "torch", "tensorflow", "keras", "jax", "matplotlib"}
LEVELS = {"debug", "info", "warning", "warn", "error", "critical", "exception", "log"}
LOGGER = re.compile(r"(?:^|[._])(?:log|logg?er|logging|warnings)$", re.I)


def library_name(node: ast.Attribute | ast.Name, imported: Mapping[str, str]) -> str:
    """`torch:pad` of `F.pad` and of `torch.nn.functional.pad`; "" for what is of no library that is known."""
    if not isinstance(node.ctx, ast.Load):
        return ""
    first: ast.expr = node
    while isinstance(first, ast.Attribute):
        first = first.value
    origin = imported.get(first.id, "") if isinstance(first, ast.Name) else ""
    if not origin or origin.partition(".")[0] not in LIBRARIES:
        return ""
    parts = [*origin.split("."), *dotted(node).split(".")[1:]]
    return f"{'keras' if 'keras' in parts else parts[0]}:{parts[-1]}"


def tells(node: ast.AST) -> bool:
    """Whether a line does nothing but tell the log, or whoever looks at the terminal."""
    call = node.value if isinstance(node, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    return getattr(function, "id", "") == "print" or (
        isinstance(function, ast.Attribute)
        and function.attr in LEVELS
        and LOGGER.search(dotted(function.value)) is not None
    )


def message_of(node: ast.Raise | ast.Assert) -> object:
    """What an error says: the arguments of its call, if one of them is a text, or the text of an assertion."""
    if isinstance(node, ast.Assert):
        return node.msg if node.msg is not None and is_worded(node.msg) else ()
    return node.exc.args if isinstance(node.exc, ast.Call) and any(map(is_worded, node.exc.args)) else ()


def is_worded(node: ast.expr) -> bool:
    """A text, also one that is put together: `"no " + name`, `"no %s" % name`, `"no {}".format(name)`."""
    if isinstance(node, ast.BinOp):
        return is_worded(node.left) or is_worded(node.right)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and is_worded(node.func.value)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def size(part: ast.AST | list[ast.expr]) -> int:
    """The number of nodes of a part, or of several."""
    parts = part if isinstance(part, list) else [part]
    return sum(1 for each in parts for _ in inside(each))


def plain_decorators(node: Function | ast.ClassDef) -> list[ast.expr]:
    """Its decorators, but for the one by which a class holds a function."""
    return [each for each in node.decorator_list if getattr(each, "id", "") != "staticmethod"]


def without_self(node: Function) -> ast.arguments:
    """The parameters of a function, without the object that a method does not use."""
    if not node.args.args or node.args.args[0].arg != "self":
        return node.args
    if any(isinstance(part, ast.Name) and part.id in ("self", "super") for part in inside(node)):
        return node.args
    rest = copy(node.args)
    rest.args = node.args.args[1:]
    return rest
