"""Paths that code puts together from several texts, as one."""

import ast

from audit.rules.code import last_name, text_of

UNKNOWN = "{}"
MAKERS = {"Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath"}
JOINERS = MAKERS | {"join", "joinpath"}


def joined(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """The path that an expression makes of two or more known texts, "" for any other, and what it is made of.

    `os.path.join("/home", "carol", name)` and `Path("/home") / "carol" / name` are `/home/carol/{}`,
    `"/".join(["", "home", "carol"])` is `/home/carol`.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        separator, listed = text_of(node.func.value), node.args[0] if node.args else None
        if separator in ("/", "\\") and isinstance(listed, ast.List | ast.Tuple):
            texts = [known(part) for part in listed.elts]
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
            texts.append(known(part))
    return (with_slashes(texts) if is_told(texts) else ""), made_of


def joins(node: ast.AST) -> bool:
    """Whether an expression may put a path together: the quick question."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div)
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
    return name in JOINERS


def known(node: ast.expr) -> str:
    """The text of a constant; a sign for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else UNKNOWN


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
