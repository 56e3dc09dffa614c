"""Tests that are skipped, expected to fail or never collected, with no word why."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import Function, Module, is_function, is_text, keyword, last_name
from audit.rules.family import rule
from audit.target import Piece

SKIP = rule(
    "tests.skip",
    title="A test skipped without a reason",
    why="Nobody knows when it may run again, so it never does.",
    fix="Give the reason, or remove the test.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

SKIPS = ("pytest.skip", "unittest.SkipTest", "unittest.case.SkipTest", ".self.skipTest", "nose.SkipTest")
LEAVES = (*SKIPS, "pytest.xfail")
MARKS = ("pytest.mark.skip", "pytest.mark.xfail", "unittest.skip")
CONDITIONAL = ("pytest.mark.skipif", "unittest.skipIf", "unittest.skipUnless")
MARKED: set[type[ast.AST]] = {
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.keyword, ast.Expr, ast.Raise,
}  # fmt: skip
NO_REASON = re.compile(r"\W*(skip(ped|ping)?|to-?do|tbd|n/?a|none|fix-?me|wip|x+|reason)?\W*", re.I)
PUT_AWAY = re.compile(r"(_+|(_*(x|no|not|skip|skipped|disabled?|off|dont|old|broken|todo|inactive)_?)+)test_\w+", re.I)
WHY = re.compile(r"#(?!\s*(@|noqa|type:|to-?do\W*$|fix-?me\W*$)).*?(\w+\W+\w+\W+\w+|#\d+|https?://)", re.I)
LATER = re.compile(r"\bto-?do\b|\bfix-?me\b|\blater\b", re.I)


def skips(module: Module) -> Iterator[Finding]:
    """Marks and calls that skip, and tests whose names keep them from being collected, without a word why."""
    yield from put_away(module)
    for piece, node in module.places(*MARKED):
        if is_function(node) or isinstance(node, ast.ClassDef):
            silent = [(mark, f"@{ast.unparse(mark)}") for mark in node.decorator_list if is_silent(module, mark)]
        elif isinstance(node, ast.Assign | ast.keyword):  # `pytestmark = …`, `marks=…`
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            silent = [(mark, ast.unparse(mark)) for mark in marks if is_silent(module, mark)]
        else:
            left = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
            silent = [(left, ast.unparse(left))] if left is not None and leaves_silently(module, left) else []
        for mark, text in silent:
            if is_explained(piece, mark.lineno):
                continue
            line = node.lineno if isinstance(node, ast.ClassDef) or is_function(node) else mark.lineno
            yield found(SKIP, piece.at(mark.lineno), f"`{text}` gives no reason", piece.line(line)[:120])


def put_away(module: Module) -> Iterator[Finding]:
    """`_test_x`, `xtest_x`: tests that assert, which nobody collects, and nothing calls."""
    hidden = [
        (piece, node)
        for piece, node in module.statements()
        if is_function(node) and PUT_AWAY.fullmatch(node.name) and not node.decorator_list
    ]
    if not hidden:
        return
    words = Counter(re.findall(r"\w+", "\n".join(piece.text for piece in module.pieces)))
    for piece, node in hidden:
        helper = node.name.startswith("_test") and any(argument.arg != "self" for argument in node.args.args)
        if words[node.name] > 1 or helper or "assert" not in ast.unparse(node):
            continue
        if not is_explained(piece, node.lineno):
            yield found(SKIP, piece.at(node.lineno), f"{node.name} is never collected", piece.line(node.lineno)[:120])


def is_explained(piece: Piece, line: int) -> bool:
    """Whether a comment in a line, or alone in the one above, says why."""
    above = piece.line(line - 1)
    return bool(WHY.search(piece.line(line)) or (above.startswith("#") and WHY.match(above)))


def is_left(module: Module, node: Function) -> bool:
    """Whether a test ends by skipping itself: the rule of skips asks for the reason."""
    last = node.body[-1]
    left = last.value if isinstance(last, ast.Expr) else last.exc if isinstance(last, ast.Raise) else None
    return left is not None and module.full_name(left.func if isinstance(left, ast.Call) else left) in LEAVES


def is_taken_back(module: Module, piece: Piece, node: Function, other: Function | None) -> bool:
    """Whether a class takes back a test of the class above, another of its name, and a comment says why it has none.

    It has no effect but that: `# plain text has no index` and `pass`.
    """
    holder = module.parents.get(node)
    bases = holder.bases if isinstance(holder, ast.ClassDef) else []
    above = [base for base in bases if not last_name(base).startswith("TestCase")]
    if other is None or not above or is_empty(other) or not is_empty(node):
        return False
    said = [line for line in piece.lines[node.lineno - 1 : node.end_lineno] if "#" in line]
    return any(WHY.search(line) and not LATER.search(line) for line in said)


def is_empty(node: Function) -> bool:
    """Whether a function does nothing."""
    return all(isinstance(line, ast.Pass) or is_text(line) for line in node.body)


def leaves_silently(module: Module, left: ast.expr) -> bool:
    """`pytest.skip()`, `self.skipTest("")`, `raise SkipTest`, `pytest.xfail()`."""
    call = left if isinstance(left, ast.Call) else None
    name = module.full_name(call.func if call else left)
    if name in SKIPS or (call and name == "pytest.xfail"):
        return call is None or not has_text(call.args[:1], reason_of(call))
    return False


def is_silent(module: Module, decorator: ast.expr) -> bool:
    """`skip` or `xfail` bare or without text, `skipif` without reason."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = module.full_name(call.func if call else decorator)
    if name == "pytest.mark.xfail" and call is not None and (call.args or keyword(call, "raises")):
        return False  # expected to fail by what it raises, or where something holds
    if name in MARKS:
        return call is None or not has_text(call.args[:1], reason_of(call))
    return name in CONDITIONAL and call is not None and not has_text(call.args[1:], reason_of(call))


def reason_of(call: ast.Call) -> ast.expr | None:
    """What is given by name: `msg` was what pytest called it once."""
    return keyword(call, "reason") or keyword(call, "msg")


def has_text(given: list[ast.expr], reason: ast.expr | None) -> bool:
    """Whether a reason is given that says something."""
    values = [value for value in (*given, reason) if value is not None]
    return any(not isinstance(value, ast.Constant) or not NO_REASON.fullmatch(str(value.value)) for value in values)
