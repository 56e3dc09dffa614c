"""Paths that code puts together from several texts, as one."""

import ast
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from audit.rules.code import last_name, text_of

UNKNOWN = "{}"
MAKERS = {"Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath"}
JOINERS = MAKERS | {"join", "joinpath"}
NONE: Mapping[str, str] = MappingProxyType({})


def joined(node: ast.AST, names: Mapping[str, str] = NONE) -> tuple[str, list[ast.expr]]:
    """The path that an expression makes of two or more known texts, "" for any other, and what it is made of.

    `os.path.join("/home", "carol", name)` and `Path("/home") / "carol" / name` are `/home/carol/{}`,
    `"/".join(["", "home", "carol"])` is `/home/carol`; so are `"/home/" + USER` and f"/home/{USER}" where a name stands
    for a text.
    """
    if isinstance(node, ast.JoinedStr) or is_sum(node):
        parts = summands(node)
        texts = [known(part, names) for part in parts]
        return ("".join(texts) if is_told(texts) else ""), parts
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        separator, listed = text_of(node.func.value), node.args[0] if node.args else None
        if separator in ("/", "\\") and isinstance(listed, ast.List | ast.Tuple):
            texts = [known(part, names) for part in listed.elts]
            return (separator.join(texts) if is_told(texts) else ""), listed.elts
    made_of: list[ast.expr] = []
    texts = []
    waiting = pieces(node)
    while waiting:
        part = waiting.pop()
        made_of.append(part)
        inner = pieces(part)
        waiting += inner
        if not inner:
            texts.append(known(part, names))
    return (with_slashes(texts) if is_told(texts) else ""), made_of


def joins(node: ast.AST) -> bool:
    """Whether an expression may put a path together: the quick question."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div | ast.Add)
    if isinstance(node, ast.JoinedStr):
        return True
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
    return name in JOINERS


def known(node: ast.expr, names: Mapping[str, str] = NONE) -> str:
    """The text of a constant, or of a name that stands for one; a sign for anything else."""
    if isinstance(node, ast.FormattedValue):
        return known(node.value, names)
    if isinstance(node, ast.Name):
        return names.get(node.id, UNKNOWN)
    if isinstance(node, ast.JoinedStr):
        return "".join(known(part, names) for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else UNKNOWN


def is_sum(node: ast.AST) -> bool:
    """`"/home/" + name`."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def summands(node: ast.AST) -> list[ast.expr]:
    """What a sum or an f-string is made of, in order."""
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*summands(node.left), *summands(node.right)]
    return [node] if isinstance(node, ast.expr) else []


def named(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Names that are given one text in a file, or a path made of texts, and what it is."""
    given: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            given.setdefault(node.target.id, []).extend([node.value] * 2)
    names: dict[str, str] = {}
    for name, values in given.items():
        if len(values) == 1:
            text = known(values[0], names) if not pieces(values[0]) else made(values[0], names)
            names.update({name: text} if text.replace(UNKNOWN, "") else {})
    return names


def made(node: ast.expr, names: Mapping[str, str]) -> str:
    """The path that an expression makes, also of one text."""
    parts = reversed(pieces(node))
    return with_slashes([made(part, names) if pieces(part) else known(part, names) for part in parts])


def is_told(texts: list[str]) -> bool:
    """Whether two or more texts are known."""
    return sum(text not in ("", UNKNOWN) for text in texts) > 1


def pieces(node: ast.AST) -> list[ast.expr]:
    """What an expression joins to a path, the last piece first."""
    if isinstance(node, ast.BinOp):
        return [node.right, node.left] if isinstance(node.op, ast.Div) else []
    if not isinstance(node, ast.Call):
        return []
    if not isinstance(node.func, ast.Attribute):
        return node.args[::-1] if isinstance(node.func, ast.Name) and node.func.id in MAKERS else []
    if node.func.attr == "joinpath":
        return [*reversed(node.args), node.func.value]
    joins = node.func.attr in MAKERS or (node.func.attr == "join" and last_name(node.func.value) in ("path", "osp"))
    return node.args[::-1] if joins else []


def with_slashes(texts: list[str]) -> str:
    """As os.path.join does: one slash between two pieces, and an absolute one begins anew."""
    path = ""
    for text in texts:
        begins = not path or text.startswith(("/", "\\")) or text[1:3] in (":/", ":\\")
        path = text if begins else f"{path}{'' if path.endswith(('/', chr(92))) else '/'}{text}"
    return path
