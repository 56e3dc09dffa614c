"""Imports: unused ones as ruff finds them, local modules that are not there, distributions nobody declares, cycles."""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

from audit.model import Confidence, Finding, Location, Severity, counted, found
from audit.rules.code import FOREIGN_PATH, TEST_PATH, Module
from audit.rules.family import Family, rule
from audit.rules.imports.absent import loaded, lost
from audit.rules.imports.copies import F401, in_broken_notebooks, in_rewritten
from audit.rules.imports.cycles import components, shortest
from audit.rules.imports.elsewhere import Elsewhere
from audit.rules.imports.optional import (
    ASKED_BY_NAME,
    alternatives,
    asked_for,
    is_asked_for,
    is_chosen,
    is_registered,
    listed,
    names_of,
)
from audit.rules.imports.search import moves_path
from audit.rules.imports.unused import Uses
from audit.rules.local import Import, Local, catches_import_error, imports_of, local_of
from audit.rules.names import FRAMEWORKS, OWN_NAMES, covers, is_foreign
from audit.rules.requirements import build_requirements, declared, in_notebook
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

SPARED = (".pyi", "_pb2.py", "_pb2_grpc.py")  # stubs, and what protoc writes
# What users of a program do not run; a document's notebook says itself what it needs.
ASIDE = re.compile(
    r"(^|/)(_*setup_*|conf|noxfile|tasks|conftest|versioneer|\w+_build)\.py$"
    r"|(^|/)(benchmarks?|ci|docs?|documentation|tutorials?)/|\.pyi$"
)
# Copies that editors and other tools keep; what is for others to fill in.
HIDDEN = re.compile(r"(^|/)\.(?!github/)[^/]+/|(^|/)\w*templates?/")
# Conditions under which a library is there: `if is_bnb_available():`, `if HAS_WANDB:`.
THERE = re.compile(r"available|installed|AVAILABLE|INSTALLED|find_spec|\b(?:has|HAS)_\w")
SHOWN = 5  # files named in one message
STEPS = 5  # from an import that may fail to what is imported because of it
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
    uses = Uses(local, target)
    pieces = {(piece.path, piece.cell): piece for piece in target.python}
    broken = {piece.path for piece in target.python if piece.cell is not None and (piece.problem or piece.outdated)}
    unread = broken | {piece.path for piece in target.python if piece.problem or piece.outdated}
    files = [path for path in target.python_files if not path.endswith(SPARED) and path not in unread]
    diagnostics, _ = ruff(F401, files, target.root)
    # Syntax errors, which ruff reports whatever it is asked for, are another family's.
    refused = {item.location.path for item in diagnostics if item.code != "F401"}
    refused = {path for path in refused if path.endswith(".ipynb")}
    read = [item for item in diagnostics if item.location.path not in refused]
    found_unused = [
        item
        for item in (*read, *in_rewritten(target), *in_broken_notebooks(target, sorted(broken | refused)))
        if item.code == "F401" and item.location not in optional and not is_for_others(item, local)
    ]
    counts = Counter(item.location.path for item in found_unused)
    fronts = {path for path, count in counts.items() if uses.is_front(path, count)}
    for item in found_unused:
        name = item.message.split("`")[1]
        piece = pieces[item.location.path, item.location.cell]
        aside = item.location.path in fronts or FOREIGN_PATH.search(item.location.path)
        if not aside and not uses.spares(piece, item.location.line, name):
            yield found(UNUSED, item.location, f"`{name}` is imported and never used")


def is_for_others(item: Diagnostic, local: Local) -> bool:
    """Whether an import stands in a file that a program writes, or is a re-export: the standard library's is none.

    In Python 2 a module beside it comes first.
    """
    first = item.message.split("`")[1].split(".")[0]
    folder, _, name = f"/{item.location.path}".rpartition("/")
    beside = any(f"{folder}/{first}{end}"[1:] in local.modules for end in (".py", "/__init__.py"))
    front = name == "__init__.py" and (first not in sys.stdlib_module_names or beside)
    return front or name.endswith(SPARED)


def optional_imports(target: Target) -> Iterator[Location]:
    """Places of imports inside `try: … except ImportError` (or wider): there the import itself is the test."""
    for piece in target.python:
        for node in piece.statements:
            if isinstance(node, ast.Try) and any(catches_import_error(handler) for handler in node.handlers):
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        yield from {piece.at(line) for line in (inner.lineno, *(name.lineno for name in inner.names))}


def imports_if_there(target: Target) -> Iterator[Location]:
    """Places of imports under a condition that asks whether a library is installed."""
    for piece in target.python:
        for node in piece.statements:
            if isinstance(node, ast.If) and THERE.search(piece.line(node.lineno)):
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        yield piece.at(inner.lineno)


def missing_and_undeclared(target: Target, local: Local) -> Iterator[Finding]:
    """What an import names that is in no place where it could be."""
    requirements = declared(target)
    common = {name for item in requirements if not in_notebook(item) for name in (item.name, *item.extras)}
    common |= build_requirements(target) if common else set()
    reported: dict[str, list[Import]] = defaultdict(list)  # first name -> where it is imported
    optional = {name.lower().replace("-", "_") for name in guarded(local)} if common else set()
    extras = optional_modules(target, local) if common else set()
    elsewhere = Elsewhere(target, local)
    common |= elsewhere.names if common else set()
    for module in local.modules.values():
        if HIDDEN.search(module.path):
            continue
        names = common | {item.name for item in requirements if common and item.location.path == module.path}
        moves = moves_path(local, module)
        aside = TEST_PATH.search(module.path) or ASIDE.search(module.path) or module.path in extras
        for item in (*imports_of(module), *loaded(module)):
            if item.optional or item.typing:
                continue
            first = item.module.split(".")[0]
            missing = lost(local, module, item, moves)
            # The name of a package of the tree stands in names of others: only its own name declares it.
            given = first.lower().replace("_", "-") in names if first in local.tops else covers(names, first)
            unknown = missing or (not item.level and first not in local.tops and not given)
            if unknown and elsewhere.has(module, item, (missing or item.module).lstrip(".")):
                continue
            if missing and (item.level or not given):
                place, excerpt = item.piece.at(item.line), item.piece.line(item.line)[:120]
                yield found(MISSING, place, in_words(local, module, item, missing), excerpt)
                continue
            if missing or item.level or aside or not names or stands(local, first):
                continue
            if item.deferred and not optional.isdisjoint(names_of(first)):
                continue
            if is_asked_for(item, first) or is_chosen(module, item, first):
                continue
            if is_foreign(first) and not covers(names, first) and not (moves and fetched(module, first)):
                reported[first].append(item)
    for first, items in reported.items():
        place = items[0].piece.at(items[0].line)
        message = f"`{first}` is neither in the tree nor among its declared dependencies{again(items)}"
        yield found(UNDECLARED, place, message, items[0].piece.line(items[0].line)[:120])


def again(items: list[Import]) -> str:
    """The other files that import the same, as words of a message."""
    others = list(dict.fromkeys(item.piece.path for item in items if item.piece.path != items[0].piece.path))
    return f", again in {', '.join(others[:SHOWN])}{' …' if len(others) > SHOWN else ''}" if others else ""


def in_words(local: Local, module: Module, item: Import, missing: str) -> str:
    """What is said of an import: that a module is not there, or that it has no such name."""
    place, name = local.resolve(module.path, item) or "", missing.rpartition(".")[2]
    if name in item.names and place.endswith(".py") and not place.endswith("__init__.py"):
        return f"`{place}` defines no `{name}`"
    return f"there is no module `{missing}`"


def optional_modules(target: Target, local: Local) -> set[str]:
    """Paths of modules that are imported in functions, or where somebody looks first whether a library is there.

    That is in `try: … except ImportError`, in `if is_bnb_available():`, or in a table of what is imported when it is
    asked for and may fail, or by a name made at a run. So is what they alone import.
    """
    tried = {*optional_imports(target), *imports_if_there(target)}
    plain: list[tuple[str, str]] = []
    maybe: set[str] = {*listed(local), *alternatives(local)}
    for module in local.modules.values():
        for path, item in local.edges(module):
            if item.piece.at(item.line) in tried or (item.deferred and is_registered(item, path)):
                maybe.add(path)
            elif not item.deferred and not item.typing:
                plain.append((module.path, path))
    maybe -= {path for _, path in plain}
    for _ in range(STEPS):
        sure = {path for source, path in plain if source not in maybe}
        maybe |= {path for source, path in plain if source in maybe and path not in sure}
    return maybe


def guarded(local: Local) -> Iterator[str]:
    """First names of which the tree asks somewhere whether they are installed: imports in functions rely on that."""
    for module in local.modules.values():
        yield from (item.module.partition(".")[0] for item in imports_of(module) if item.optional and not item.level)
        for piece in module.pieces:
            yield from asked_for(piece.text)
            if "available" in piece.text or "installed" in piece.text:
                yield from ASKED_BY_NAME.findall(piece.text)


def stands(local: Local, first: str) -> bool:
    """Whether a first name may be a module of this tree: not one whose name is a framework's, deep in a package."""
    if first.lower() in FRAMEWORKS and all(local.within(folder) for folder in local.tops.get(first, ())):
        return False
    return first in local.tops


def fetched(module: Module, first: str) -> bool:
    """Whether a name may be a module that the notebook fetches, or that lies beside the tree."""
    clones = module.is_notebook and any(FETCHES.search(piece.text) for piece in module.pieces)
    return clones or OWN_NAMES.fullmatch(first) is not None


def cycles(local: Local) -> Iterator[Finding]:
    """One finding for each group of modules that reach each other by imports made while importing."""
    edges: dict[str, dict[str, Import]] = {}
    for module in local.modules.values():
        if not module.is_notebook:
            below = edges.setdefault(module.path, {})
            for path, item in local.edges(module):
                later = item.deferred or item.typing or item.optional or item.main
                elsewhere = later or local.is_of_a_package(path, item) or is_below(local, module, path, item)
                if path != module.path and path in local.modules and not elsewhere:
                    below.setdefault(path, item)
    groups = components({path: set(below) for path, below in edges.items()})
    for group in (one for one in groups if not all(map(FOREIGN_PATH.search, one))):
        loop = shortest(group, edges)
        item = edges[loop[0]][loop[1]]
        others = len(group) - len(loop) + 1
        more = f", and {counted(others, 'more module')} with them" if others > 0 else ""
        place = item.piece.at(item.line)
        yield found(CYCLE, place, f"{' → '.join(loop)}{more}", item.piece.line(item.line)[:120])


def is_below(local: Local, module: Module, path: str, item: Import) -> bool:
    """Whether a module's dots lead above the folder from which an absolute import would have to come.

    `import dlib` in pack/detection/dlib/a.py means the distribution where the module also says `from ..core import`:
    Python then knows it as detection.dlib.a, and looks for no module in that folder. So does `import paddle` in
    pack/backend/paddle/, where pack/backend is a package.
    """
    first = item.module.partition(".")[0]
    parts = path.removesuffix(".py").split("/")
    if item.level or first not in parts:
        return False
    own, depth = module.path.split("/"), parts.index(first)
    if depth and own[: depth + 1] == parts[: depth + 1] and "/".join((*own[:depth], "__init__.py")) in local.modules:
        return True
    dots = max(other.level for other in imports_of(module))
    return dots > 0 and own[:depth] == parts[:depth] and len(own) - dots <= depth


FAMILY = Family(
    "imports", "Imports are used, there, and declared", (UNUSED, MISSING, UNDECLARED, CYCLE), find, versions=("ruff",)
)
