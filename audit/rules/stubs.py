"""Code that stands for code that is not there: empty bodies, notes to do it later, lines no run can reach."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH, TEST_PATH, comments, is_text, text_of
from audit.rules.family import Family, rule
from audit.target import Piece, Target, held

FUNCTION = rule(
    "stubs.function",
    title="Function without a body",
    why="Callers get None or an exception where they were promised a result.",
    fix="Write the body, or remove the function; a method meant to be overridden is marked abstract.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
CLASS = rule(
    "stubs.class",
    title="Class without a body",
    why="The class promises something that it does not have.",
    fix="Write the class, or remove it.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)
TODO = rule(
    "stubs.todo",
    title="TODO or FIXME",
    why="Work that is known to be missing is not finished work; nobody is reminded of it here.",
    fix="Do it, or move it to the issue tracker.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)
UNREACHABLE = rule(
    "stubs.unreachable",
    title="Code that cannot be reached",
    why="It looks as if it did something, and it never runs.",
    fix="Remove it, or move it before the statement that leaves the block.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

NOTE = re.compile(r"\b(?:TODO|FIXME)\b")
NOT_YET = re.compile(r"^\W*(?:\w+ )?(?:is )?(?:not (?:yet )?implemented|to be implemented|unimplemented)\b", re.I)
TO_FILL = re.compile(r"\.pyi$|(^|/)versioneer\.py$|(^|/)\w*templates?/")
# Classes that say by their name that others fill them in; functions that a framework looks up by name.
BASE = re.compile(r"^_*(Base|Abstract)(?=[A-Z_]|$)|(Base|Mixin|Interface)(V?\d+D?)?$")
HOOK = re.compile(r"^(on_\w+|upgrade|downgrade|setup|teardown|close|reset|flush|cleanup)$")
DOUBLE = re.compile(r"^_?(Null|No|Noop|NoOp|Dummy|Fake|Mock|Stub)(?=[A-Z]|$)|^_?(no_?op|pass|nop|do_nothing)", re.ASCII)
# Decorators that leave a function what it is; any other may use an empty body (overload, click.group, a registry).
PLAIN = {"staticmethod", "classmethod", "property", "no_grad", "inference_mode", "jit", "njit", "cache", "lru_cache"}
INTERFACES = {"Protocol", "ABC", "ABCMeta", "Interface"}
# Methods whose empty override in a subclass of a foreign base class is no harmless hook.
ESSENTIAL = {"forward", "__call__", "__getitem__", "__len__", "__iter__", "training_step", "configure_optimizers"}

# Classes of torch of which all is known that they look up by name.
TORCH = {"Module", "Dataset", "IterableDataset"}
HOOKS_OF_TORCH = {"extra_repr", "reset_parameters"}


@dataclass
class Classes:
    """Who inherits from whom and who defines which method, by name, over the whole tree."""

    bases: dict[str, set[str]] = field(default_factory=dict)
    methods: dict[str, set[str]] = field(default_factory=dict)

    def related(self, name: str) -> set[str]:
        """The class's ancestors and descendants known in this tree."""
        return self.reach(name, up=True) | self.reach(name, up=False)

    def reach(self, name: str, *, up: bool) -> set[str]:
        """All classes above or below."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            above = self.bases.get(current, set()) if up else {n for n, bases in self.bases.items() if current in bases}
            waiting += above - seen
            seen |= above
        return seen - {name}


def find(target: Target) -> Iterator[Finding]:
    """All four rules over every module and cell that parses."""
    pieces = [piece for piece in target.python if piece.tree is not None]
    classes = Classes()
    for piece in pieces:
        for node in piece.statements:
            if isinstance(node, ast.ClassDef):
                above = {class_name(base) for base in node.bases}
                # `class Metric(torchmetrics.Metric)`: the one above is another.
                above = {f".{name}" if name == node.name else name for name in above}
                classes.bases.setdefault(node.name, set()).update(above)
                defined = {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
                classes.methods.setdefault(node.name, set()).update(defined)
    for piece in pieces:
        if not any(pattern.search(piece.path) for pattern in (TEST_PATH, FOREIGN_PATH, TO_FILL)):
            yield from empty(piece, classes)
        yield from unreachable(piece)
        yield from notes(piece)


def empty(piece: Piece, classes: Classes) -> Iterator[Finding]:
    """Functions and classes with nothing in them."""
    assert piece.tree is not None
    waiting: list[tuple[ast.AST, ast.ClassDef | None]] = [(piece.tree, None)]
    while waiting:
        node, owner = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = placeholder(node.body)
            if body and not excused(node, body, owner, classes):
                where = f"{owner.name}.{node.name}" if owner else node.name
                yield found(FUNCTION, piece.at(node.lineno), f"{where}() is only `{body}`", piece.line(node.lineno))
        if isinstance(node, ast.ClassDef):
            body = placeholder(node.body)
            plain = all(class_name(base) in TORCH | {"object"} for base in node.bases)  # these ask for a body
            inherits = not plain or node.keywords or node.decorator_list
            if body and not inherits and not DOUBLE.match(node.name):
                message = f"class {node.name} is only `{body}`"
                yield found(CLASS, piece.at(node.lineno), message, piece.line(node.lineno))
        if isinstance(node, ast.If) and class_name(node.test) == "TYPE_CHECKING":
            continue  # declarations for a type checker have no body
        # A definition under `except ImportError` is a fall-back: doing nothing is what it is for.
        children = [child for child in held(node) if not isinstance(child, ast.ExceptHandler)]
        waiting += [(child, node if isinstance(node, ast.ClassDef) else None) for child in children]


def placeholder(body: list[ast.stmt]) -> str:
    """`pass`, `...`, `raise NotImplementedError` or the like when that is all there is beside a docstring; else ""."""
    rest = body[1:] if is_text(body[0]) else body
    if len(rest) != 1:
        return ""
    only = rest[0]
    if isinstance(only, ast.Pass):
        return "pass"
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is ...:
        return "..."
    if isinstance(only, ast.Raise) and only.exc is not None:
        said = text_of(only.exc.args[0]) if isinstance(only.exc, ast.Call) and only.exc.args else ""
        if class_name(only.exc) in ("NotImplementedError", "NotImplemented") or NOT_YET.search(said):
            return f"raise {class_name(only.exc)}"
    return ""


def excused(
    node: ast.FunctionDef | ast.AsyncFunctionDef, body: str, owner: ast.ClassDef | None, classes: Classes
) -> bool:
    """Whether an empty body is right here: interfaces, hooks, null objects, decorators that use it."""
    if (
        DOUBLE.match(node.name)
        or HOOK.match(node.name)
        or any(class_name(decorator) not in PLAIN for decorator in node.decorator_list)
    ):
        return True
    if owner is None:
        return False
    names = {class_name(base) for base in owner.bases} | {class_name(keyword.value) for keyword in owner.keywords}
    if names & INTERFACES or DOUBLE.match(owner.name) or BASE.search(owner.name):
        return True
    if any(node.name in classes.methods.get(other, set()) for other in classes.related(owner.name)):
        return True
    if body.startswith("raise") or node.name in ESSENTIAL:
        return False
    above = (names | classes.reach(owner.name, up=True)) - (set() if node.name in HOOKS_OF_TORCH else TORCH)
    foreign = any(name not in classes.methods and name != "object" for name in above)
    return foreign or (node.name.startswith("__") and node.name.endswith("__"))


def unreachable(piece: Piece) -> Iterator[Finding]:
    """The first statement after one that always leaves the block."""
    for node in (piece.tree, *piece.statements):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for leaving, following in pairwise(block):
                if leaves(leaving):
                    if not makes_generator(following) and not is_guard(leaving, following):
                        message = f"nothing runs after the `{type(leaving).__name__.lower()}` in line {leaving.lineno}"
                        yield found(UNREACHABLE, piece.at(following.lineno), message, piece.line(following.lineno))
                    break


def leaves(statement: ast.stmt) -> bool:
    """Whether no run goes on behind a statement: it leaves the block, or both branches of an `if` do."""
    while isinstance(statement, ast.If) and statement.orelse and leaves(statement.body[-1]):
        statement = statement.orelse[-1]
    return isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue)


def is_guard(leaving: ast.stmt, following: ast.stmt) -> bool:
    """An error raised behind branches that all return: for whoever adds one."""
    return isinstance(leaving, ast.If) and isinstance(following, ast.Raise | ast.Assert)


def makes_generator(statement: ast.stmt) -> bool:
    """`return` followed by `yield` is the idiom for an empty generator."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(statement))


def notes(piece: Piece) -> Iterator[Finding]:
    """Comments that say that something is still to be done."""
    if not NOTE.search(piece.text):
        return
    for line, _, text in comments(piece):
        if NOTE.search(text):
            yield found(TODO, piece.at(line), "work left for later", text[:120])


def class_name(node: ast.expr) -> str:
    """`Name` of `a.b.Name`, `Name[...]` or `Name(...)`; "" for anything else."""
    if isinstance(node, ast.Subscript):
        return class_name(node.value)
    if isinstance(node, ast.Call):
        return class_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


FAMILY = Family("stubs", "Nothing is left empty", (FUNCTION, CLASS, TODO, UNREACHABLE), find)
