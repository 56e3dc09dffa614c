"""What several families ask of Python code: whose name this is, whether a file is a test, what encloses a node."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any, TypeGuard

from audit import notebooks
from audit.dialects import rest_of
from audit.target import Piece, Target
from audit.trees import Node

TEST_PATH = re.compile(r"(^|/)(tests?/|testing/|test_[^/]*\.py$|conftest\.py$|[^/]*_tests?\.py$)")
TEACHING_PATH = re.compile(
    r"(^|/)(docs?|documentation|tutorials?|examples?|demos?|lessons?|courses?|exercises|workshops?|samples?)/"
    r"|tutorial|example|walkthrough|lesson",
    re.I,
)
# What runs leave behind: copies of their configuration and environment, which nothing reads.
RECORD_PATH = re.compile(
    r"(^|/)(wandb|mlruns|mlartifacts|lightning_logs|tb_logs|multirun|outputs?|runs|logs?|checkpoints?|results)/"
)
FOREIGN_PATH = re.compile(r"(^|/)_?(vendor(ed)?|third_?party|3rdparty|extern(al)?s?|deps)/", re.I)

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINING = (*FUNCTIONS, ast.ClassDef)


def is_function(node: object) -> TypeGuard[Function]:
    """`def` or `async def`."""
    return isinstance(node, FUNCTIONS)


class Module:
    """One Python file, or all code cells of one notebook, which share their names.

    Attributes:
        pieces: its pieces that parse, in order.
        derived: what rules have worked out of it and share, by name.
    """

    def __init__(self, path: str, pieces: list[Piece]) -> None:
        self.path = path
        self.pieces = pieces
        self.derived: dict[str, Any] = {}

    @property
    def is_notebook(self) -> bool:
        """Whether it is made of cells."""
        return self.path.endswith(".ipynb")

    @cached_property
    def origins(self) -> dict[str, str]:
        """Local name -> dotted name it was imported as: `np` -> `numpy`, `load` -> `torch.load`."""
        names: dict[str, str] = {}
        for node in self.of(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    names[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    def walk(self) -> Iterator[tuple[Piece, ast.AST]]:
        """Every node with the piece it stands in."""
        for piece in self.pieces:
            yield from ((piece, node) for node in piece.nodes)

    def of(self, *kinds: type[Node]) -> Iterator[Node]:
        """Every node of these kinds, and none of what derives from them."""
        return (node for piece in self.pieces for node in piece.of(*kinds))

    def places(self, *kinds: type[Node]) -> Iterator[tuple[Piece, Node]]:
        """Every node of these kinds with the piece it stands in."""
        return ((piece, node) for piece in self.pieces for node in piece.of(*kinds))

    def statements(self) -> Iterator[tuple[Piece, ast.AST]]:
        """Every statement, handler and case with the piece it stands in."""
        for piece in self.pieces:
            yield from ((piece, node) for node in piece.statements)

    @cached_property
    def calls(self) -> tuple[tuple[Piece, ast.Call, str], ...]:
        """Every call with its full name: `load(x)` after `from torch import load` is `torch.load`."""
        return tuple((piece, node, self.full_name(node.func)) for piece in self.pieces for node in piece.of(ast.Call))

    def full_name(self, node: ast.expr) -> str:
        """The dotted name with its first part replaced by what it was imported as; "" for what has no name.

        `.yaml.load` where `yaml` is not imported: a variable that happens to be called so.
        """
        name = dotted(node)
        first, dot, rest = name.partition(".")
        if first in self.origins:
            return f"{self.origins[first]}{dot}{rest}"
        return f".{name}" if dot and first else name

    @cached_property
    def given(self) -> dict[str, list[ast.expr]]:
        """Name -> what is assigned to it anywhere in the module, in the order of the nodes."""
        values: dict[str, list[ast.expr]] = defaultdict(list)
        for node in self.of(ast.Assign, ast.AnnAssign, ast.NamedExpr):
            pairs: list[tuple[ast.expr | None, ast.expr | None]] = []
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
                pairs = [(node.target, node.value)]
            for target, value in pairs:
                if isinstance(target, ast.Name) and value is not None:
                    values[target.id].append(value)
        return values

    @cached_property
    def kept(self) -> dict[str, list[ast.expr]]:
        """`self.files` -> what is assigned to it anywhere in the module, in the order of the nodes."""
        values: dict[str, list[ast.expr]] = defaultdict(list)
        for node in self.of(ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    values[dotted(target)].append(node.value)
        return values

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Node -> the node that holds it."""
        return dict(chain.from_iterable(piece.walk.holders() for piece in self.pieces))

    def enclosing(self, node: ast.AST) -> Iterator[ast.AST]:
        """What holds the node, from the inside out, the module last."""
        current: ast.AST | None = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def scope(self, node: ast.AST) -> ast.AST:
        """The innermost function around the node, else the outermost node."""
        last = node
        for holder in self.enclosing(node):
            last = holder
            if is_function(holder):
                return holder
        return last


def modules(target: Target) -> list[Module]:
    """Every Python file and notebook of which something parses, in the order of the files; made once."""
    if "modules" not in target.derived:
        grouped: dict[str, list[Piece]] = defaultdict(list)
        for piece in target.python:
            if piece.tree is not None:
                grouped[piece.path].append(piece)
        target.derived["modules"] = [Module(path, pieces) for path, pieces in grouped.items()]
    made: list[Module] = target.derived["modules"]
    return made


def dotted(node: ast.expr) -> str:
    """`a.b.c` for names and attributes; `.c` where what comes before is no name; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def called(call: ast.Call) -> str:
    """The last part of the name of what is called, also of `f(x).argmax()`."""
    return last_name(call.func)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def has_unpacked_keywords(call: ast.Call) -> bool:
    """Whether `**something` may bring any keyword."""
    return any(item.arg is None for item in call.keywords)


def is_constant(node: ast.expr | None, value: object) -> bool:
    """Whether the node is this very constant."""
    return isinstance(node, ast.Constant) and node.value is value


def is_parameter(module: Module, name: ast.Name) -> bool:
    """Whether a function around the name has a parameter of this name."""
    for holder in module.enclosing(name):
        if is_function(holder):
            every = (*holder.args.posonlyargs, *holder.args.args, *holder.args.kwonlyargs)
            if name.id in {argument.arg for argument in every}:
                return True
    return False


def text_of(node: ast.AST | None) -> str:
    """A string constant's value; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_text(statement: ast.stmt) -> bool:
    """A docstring, or any other string that stands alone."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def docstrings(piece: Piece) -> set[int]:
    """ids of string constants that stand alone as statements."""
    return {id(node.value) for node in piece.of(ast.Expr) if isinstance(node.value, ast.Constant)}


def comments(piece: Piece) -> Iterator[tuple[int, int, str]]:
    """(line, column, text) of each comment: a string that looks like one is none."""
    code = piece.text if piece.cell is None else notebooks.as_python(piece.text)
    last = 0
    for text in (code, rest_of(code)[0]) if piece.problem and piece.tree else (code,):
        try:
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                if token.type == tokenize.COMMENT and token.start[0] > last:
                    last = token.start[0]
                    yield last, token.start[1], token.string
        except (tokenize.TokenError, SyntaxError):  # what the tokenizer does not take: no more comments then
            continue


def strings(module: Module) -> Iterator[str]:
    """String constants that are no documentation."""
    for piece in module.pieces:
        skipped = docstrings(piece)
        for node in piece.of(ast.Constant):
            if isinstance(node.value, str) and id(node) not in skipped:
                yield node.value
