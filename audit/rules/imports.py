"""Imports that nothing uses, as ruff finds them (F401), under our id."""

import ast
from collections.abc import Iterator

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.family import Family, rule
from audit.runners import ruff
from audit.target import Target

UNUSED = rule(
    "imports.unused",
    title="Unused import",
    why="It costs start-up time, ties the module to something it does not need, and hides what it does need.",
    fix="Remove the import, or name it in __all__ where it is meant for others.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)


def find(target: Target) -> Iterator[Finding]:
    """Ruff's F401 without its configuration, less package re-exports and optional imports.

    Raises:
        NotRunError: ruff is missing.
    """
    optional = set(optional_imports(target))
    files = [path for path in target.python_files if not f"/{path}".endswith(("/__init__.py", ".pyi"))]
    diagnostics, _ = ruff(["--isolated", "--select", "F401"], files, target.root)
    for item in diagnostics:
        # Syntax errors, which ruff reports whatever it is asked for, are another family's.
        if item.code == "F401" and item.location not in optional:
            name = item.message.split("`")[1]
            yield found(UNUSED, item.location, f"`{name}` is imported and never used")


def optional_imports(target: Target) -> Iterator[Location]:
    """Places of imports inside `try: … except ImportError` (or wider): there the import itself is the test."""
    for piece in target.python:
        for node in ast.walk(piece.tree) if piece.tree else ():
            if isinstance(node, ast.Try) and any(catches_import_error(handler) for handler in node.handlers):
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        yield from (piece.at(alias.lineno) for alias in inner.names)


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    """Whether a failing import ends in this handler."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    wide = ("ImportError", "ModuleNotFoundError", "Exception")
    return any(isinstance(kind, ast.Name) and kind.id in wide for kind in kinds)


FAMILY = Family("imports", "Every import is used", (UNUSED,), find, versions=("ruff",))
