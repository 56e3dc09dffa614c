"""Imports: unused ones as ruff finds them, local modules that are not there, distributions nobody declares, cycles."""

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from audit import notebooks
from audit.model import Confidence, Finding, Location, Severity, counted, found
from audit.rules.code import TEST_PATH, Module
from audit.rules.cycles import components, shortest
from audit.rules.family import Family, rule
from audit.rules.local import Import, Local, catches_import_error, imports_of, local_of, moves_path
from audit.rules.names import FRAMEWORKS, ON_PYPI, OWN_NAMES, covers, is_foreign
from audit.rules.requirements import build_requirements, declared, in_notebook
from audit.rules.unused import Uses
from audit.runners import Diagnostic, ruff
from audit.target import Target

UNUSED = rule(
    "imports.unused",
    title="Unused import",
    why="It costs start-up time, ties the module to something it does not need, and hides what it does need.",
    fix="Remove the import, or name it in __all__ where it is meant for others.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)
MISSING = rule(
    "imports.missing",
    title="A local module that does not exist",
    why="The program stops at this line with ModuleNotFoundError.",
    fix="Add the module to the repository, or correct the name.",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
)
UNDECLARED = rule(
    "imports.undeclared",
    title="A distribution that is used and not declared",
    why="A fresh installation does not have it, or has any version of it by chance.",
    fix="Add it to the project's dependencies.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)
CYCLE = rule(
    "imports.cycle",
    title="Modules that import each other",
    why="Which of them works depends on which is imported first; a harmless new import can break all of them.",
    fix="Move what both need into a third module, or import inside the function that needs it.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

GENERATED = re.compile(
    r"(^|\.)(_+version\w*|_[A-Z]\w*|_\w*(?:ext|cuda|lib|core|native|build|c)|version|\w+_pb2(_grpc)?|\w+_rc"
    r"|generated\w*|cython_\w+)(\.|$)"
)
COMPILED = re.compile(r"(^|/)(?:CMakeLists\.txt|Cargo\.toml|meson\.build|[^/]+\.(?:pyx|pxd|c|cc|cpp|cu|rs|i))$")
SPARED = ("/__init__.py", ".pyi", "_pb2.py", "_pb2_grpc.py")  # re-exports, and what protoc writes
# What users of a program do not run; a document's notebook says itself what it needs.
ASIDE = re.compile(
    r"(^|/)(setup|conf|noxfile|tasks|conftest|versioneer|\w+_build)\.py$"
    r"|(^|/)(benchmarks?|ci|docs?|documentation|tutorials?)/"
)
ASKED = re.compile(r"(?:find_spec|available|installed)\(\s*['\"](\w+)")
FETCHES = re.compile(r"git clone|%cd|os\.chdir|!wget|!unzip")  # then modules may come from anywhere


def find(target: Target) -> Iterator[Finding]:
    """Four kinds of findings, each thing under one id.

    Raises:
        NotRunError: ruff is missing.
    """
    local = local_of(target)
    yield from unused(target, local)
    yield from missing_and_undeclared(target, local)
    yield from cycles(local)


def unused(target: Target, local: Local) -> Iterator[Finding]:
    """Ruff's F401 without its configuration, less re-exports, optional imports, and those for their effect."""
    optional = set(optional_imports(target))
    uses = Uses(local)
    pieces = {(piece.path, piece.cell): piece for piece in target.python}
    broken = {piece.path for piece in target.python if piece.cell is not None and piece.problem}
    unread = broken | {piece.path for piece in target.python if piece.problem}
    files = [path for path in target.python_files if not f"/{path}".endswith(SPARED) and path not in unread]
    diagnostics, _ = ruff(["--isolated", "--select", "F401"], files, target.root)
    # Syntax errors, which ruff reports whatever it is asked for, are another family's.
    found_unused = [
        item
        for item in (*diagnostics, *in_broken_notebooks(target, sorted(broken)))
        if item.code == "F401" and item.location not in optional
    ]
    counts = Counter(item.location.path for item in found_unused)
    fronts = {path for path, count in counts.items() if uses.is_front(path, count)}
    for item in found_unused:
        name = item.message.split("`")[1]
        piece = pieces[item.location.path, item.location.cell]
        if item.location.path not in fronts and not uses.spares(piece, item.location.line, name):
            yield found(UNUSED, item.location, f"`{name}` is imported and never used")


def in_broken_notebooks(target: Target, paths: list[str]) -> Iterator[Diagnostic]:
    """Ruff on what parses of notebooks with a cell that does not: it passes over a notebook with one such cell.

    A name that such a cell holds counts as used.
    """
    for path in paths:
        pieces = [piece for piece in target.python if piece.path == path and piece.cell is not None]
        lost = " ".join(piece.text for piece in pieces if piece.problem)
        cells: list[dict[str, object]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
             "source": "" if piece.problem else notebooks.as_python(piece.text)}
            for piece in pieces
        ]  # fmt: skip
        with TemporaryDirectory() as folder:
            place = Path(folder) / "cells.ipynb"
            metadata = {"language_info": {"name": "python"}}
            document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
            place.write_text(json.dumps(document), encoding="utf-8")
            diagnostics, _ = ruff(["--isolated", "--select", "F401"], [place.name], Path(folder))
        for item in diagnostics:
            name = item.message.split("`")[1].rpartition(" as ")[2].split(".")[-1] if item.code == "F401" else ""
            if name and item.location.cell is not None and not re.search(rf"\b{re.escape(name)}\b", lost):
                piece = pieces[item.location.cell]
                yield replace(item, location=piece.at(item.location.line))


def optional_imports(target: Target) -> Iterator[Location]:
    """Places of imports inside `try: … except ImportError` (or wider): there the import itself is the test."""
    for piece in target.python:
        for node in piece.nodes:
            if isinstance(node, ast.Try) and any(catches_import_error(handler) for handler in node.handlers):
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        yield from (piece.at(alias.lineno) for alias in inner.names)


def missing_and_undeclared(target: Target, local: Local) -> Iterator[Finding]:
    """What an import names that is in no place where it could be."""
    requirements = declared(target)
    common = {item.name for item in requirements if not in_notebook(item)}
    common |= build_requirements(target) if common else set()
    reported: set[str] = set()
    optional = set(guarded(local)) if common else set()
    for module in local.modules.values():
        names = common | {item.name for item in requirements if common and item.location.path == module.path}
        moves = moves_path(local, module)
        aside = TEST_PATH.search(module.path) or ASIDE.search(module.path)
        for item in imports_of(module):
            if item.optional or item.typing:
                continue
            first = item.module.split(".")[0]
            missing = lost(local, module, item, moves)
            if missing and (item.level or not covers(names, first)):
                place, excerpt = item.piece.at(item.line), item.piece.line(item.line)[:120]
                yield found(MISSING, place, f"there is no module `{missing}`", excerpt)
                continue
            if missing or item.level or aside or first in reported or not names or stands(local, first):
                continue
            if item.deferred and first in optional:
                continue
            if is_foreign(first) and not covers(names, first) and not (moves and fetched(module, first)):
                reported.add(first)
                message = f"`{first}` is neither in the tree nor among its declared dependencies"
                yield found(UNDECLARED, item.piece.at(item.line), message, item.piece.line(item.line)[:120])


def guarded(local: Local) -> Iterator[str]:
    """First names of which the tree asks somewhere whether they are installed: imports in functions rely on that."""
    for module in local.modules.values():
        yield from (item.module.partition(".")[0] for item in imports_of(module) if item.optional and not item.level)
        for piece in module.pieces:
            if "find_spec(" in piece.text or "available(" in piece.text or "installed(" in piece.text:
                yield from ASKED.findall(piece.text)


def stands(local: Local, first: str) -> bool:
    """Whether a first name may be a module of this tree: not one whose name is a framework's, deep in a package."""
    if first.lower() in FRAMEWORKS and all(local.within(folder) for folder in local.tops.get(first, ())):
        return False
    return first in local.tops


def fetched(module: Module, first: str) -> bool:
    """Whether a name may be a module that the notebook fetches, or that lies beside the tree."""
    clones = module.is_notebook and any(FETCHES.search(piece.text) for piece in module.pieces)
    return clones or OWN_NAMES.fullmatch(first) is not None


def lost(local: Local, module: Module, item: Import, moves: bool) -> str:
    """The name of a module of this tree that an import means and that is not there; "" when all is well."""
    if module.is_notebook and (item.level or moves):
        return ""
    dots = "." * item.level
    if is_made(local, item.module) or (not item.level and item.module.split(".")[0] in sys.stdlib_module_names):
        return ""
    place = local.resolve(module.path, item)
    if place is None or (item.level and not item.module and not place.endswith("__init__.py")):
        return ""
    if place == "":
        if item.level:
            return f"{dots}{item.module}"
        first, dot, _ = item.module.partition(".")
        own = OWN_NAMES.fullmatch(first) and first not in ON_PYPI
        if first in local.tops:
            here = not moves or any(local.resolve(module.path, other) for other in siblings(module, first))
            return item.module if dot and here and (owns(local, module, first) or (own and not moves)) else ""
        return item.module if own and not moves and not item.deferred else ""
    if not item.names or not place.endswith("__init__.py"):
        return ""
    for name in item.names:  # `from . import name`, `from package import name`: a module or something it defines
        absent = name != "*" and not local.defines(place, name) and not local.submodule(place, name)
        if absent and item.level and not item.module and not is_made(local, name):
            return f"{dots}{name}"
    return ""


def siblings(module: Module, first: str) -> list[Import]:
    """Imports of the same package: one that is found in the tree says that the package is the tree's."""
    return [item for item in imports_of(module) if not item.level and item.module.startswith(f"{first}.")]


def is_made(local: Local, name: str) -> bool:
    """Whether a module may come out of a build: by its name, or hidden in a tree with code that is compiled."""
    hidden = re.search(r"(^|\.)_", name) is not None
    return GENERATED.search(name) is not None or (hidden and any(COMPILED.search(path) for path in local.files))


def owns(local: Local, module: Module, first: str) -> bool:
    """Whether a first name can only be a package of this tree that the module reaches.

    One inside another package (`app/wandb/`), beside another project (`projects/b/`), or whose name other distributions
    share (`__path__`, declare_namespace) is not what the import means.
    """
    outside = [folder for folder in local.tops[first] if not local.within(folder)]
    reached = any(not folder or folder == "src" or f"{module.path}/".startswith(f"{folder}/") for folder in outside)
    return reached and all(local.is_whole(f"{folder}/{first}".lstrip("/")) for folder in outside)


def cycles(local: Local) -> Iterator[Finding]:
    """One finding for each group of modules that reach each other by imports made while importing."""
    edges: dict[str, dict[str, Import]] = {}
    for module in local.modules.values():
        if not module.is_notebook:
            below = edges.setdefault(module.path, {})
            for path, item in local.edges(module):
                later = item.deferred or item.typing or item.optional or item.main
                if path != module.path and path in local.modules and not later:
                    below.setdefault(path, item)
    for group in components({path: set(below) for path, below in edges.items()}):
        loop = shortest(group, edges)
        item = edges[loop[0]][loop[1]]
        others = len(group) - len(loop) + 1
        more = f", and {counted(others, 'more module')} with them" if others > 0 else ""
        place = item.piece.at(item.line)
        yield found(CYCLE, place, f"{' → '.join(loop)}{more}", item.piece.line(item.line)[:120])


FAMILY = Family(
    "imports", "Imports are used, there, and declared", (UNUSED, MISSING, UNDECLARED, CYCLE), find, versions=("ruff",)
)
