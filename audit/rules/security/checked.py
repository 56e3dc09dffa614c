"""Whether the code compares a digest or a signature of what it reads before it makes objects of it."""

import ast
import re

from audit.rules.code import Module, called, is_function

DIGEST = re.compile(
    r"\bsha\b|sha_?\d|md5|blake|digest|check_?sum|hmac|signature|finger_?print|\bhash|_hash|crc32", re.I
)
CHECKS = re.compile(
    r"(verify|check|validate|ensure|assert|require)\w*(digest|hash|sum|signature|integrity|sha\d*|md5)|^verify$", re.I
)


def is_checked(module: Module, call: ast.Call) -> bool:
    """Whether a comparison of a digest stands around a call, or before it in its function and leaves where it fails."""
    place: ast.AST = call
    for holder in module.enclosing(call):
        if isinstance(holder, ast.If) and place in holder.body and compares(module, holder.test):
            return True
        for part in ("body", "orelse", "finalbody"):
            block = getattr(holder, part, None)
            before = block[: block.index(place)] if isinstance(block, list) and place in block else []
            if any(refuses(module, line) for line in before):
                return True
        if is_function(holder):
            return False
        place = holder
    return False


def refuses(module: Module, line: ast.stmt) -> bool:
    """`if sha(data) != wanted: raise`, an assertion of it, or a call that is named so."""
    match line:
        case ast.Assert():
            return compares(module, line.test)
        case ast.If():
            return isinstance(line.body[-1], ast.Raise | ast.Return | ast.Continue) and compares(module, line.test)
        case ast.Expr(value=ast.Call() as inner) | ast.Assign(value=ast.Call() as inner):
            return CHECKS.search(called(inner)) is not None
        case ast.With() | ast.Try():
            return any(refuses(module, inner) for inner in line.body)
    return False


def compares(module: Module, test: ast.expr) -> bool:
    """Whether a condition compares a digest, or asks a function that is named so."""
    asked = [node for node in ast.walk(test) if isinstance(node, ast.Compare | ast.Call)]
    parts = [part for _, part in module.statements()]
    for node in asked:
        if isinstance(node, ast.Call):
            if CHECKS.search(called(node)) or called(node) == "compare_digest":
                return True
        elif isinstance(node.ops[0], ast.Eq | ast.NotEq) and DIGEST.search(ast.unparse(node)):
            return True
        elif isinstance(node.ops[0], ast.Eq | ast.NotEq):
            names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
            if any(DIGEST.search(ast.unparse(value)) for name in names for value in module.given.get(name, ())):
                return True
            if any(is_function(part) and part.name in names and "hashlib" in ast.unparse(part) for part in parts):
                return True
    named = [node.id for node in ast.walk(test) if isinstance(node, ast.Name)]
    values = [value for name in named for value in module.given.get(name, ())]
    return any(isinstance(value, ast.Compare) and compares(module, value) for value in values)
