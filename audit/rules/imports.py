"""Imports: unused ones as ruff finds them, local modules that are not there, distributions nobody declares, cycles."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from audit import notebooks
from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEACHING_PATH, TEST_PATH, Module
from audit.rules.cycles import components, shortest
from audit.rules.family import Family, rule
from audit.rules.local import Import, Local, catches_import_error, imports_of, local_of, moves_path
from audit.rules.requirements import declared, in_notebook
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

# Import names whose distribution is called otherwise.
DISTRIBUTIONS = {
    "cv2": "opencv", "PIL": "pillow", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml",
    "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "git": "gitpython",
    "serial": "pyserial", "usb": "pyusb", "Crypto": "pycryptodome", "OpenSSL": "pyopenssl", "jwt": "pyjwt",
    "attr": "attrs", "fitz": "pymupdf", "docx": "python-docx", "pptx": "python-pptx", "magic": "python-magic",
    "clip": "clip", "faiss": "faiss", "umap": "umap-learn", "igraph": "igraph", "hydra": "hydra-core",
    "pl_bolts": "lightning-bolts", "pytorch_lightning": "lightning", "tensorboardX": "tensorboardx", "rtree": "rtree",
    "mpl_toolkits": "matplotlib", "pylab": "matplotlib", "markdown": "markdown", "ruamel": "ruamel-yaml",
    "pkg_resources": "setuptools", "_pytest": "pytest", "zmq": "pyzmq", "MySQLdb": "mysqlclient",
    "osgeo": "gdal", "Bio": "biopython", "wx": "wxpython", "OpenGL": "pyopengl", "mmcv": "mmcv", "apex": "apex",
    "pycocotools": "pycocotools", "kaggle_secrets": "", "google": "", "azure": "", "IPython": "", "ipykernel": "",
    "win32api": "pywin32", "win32con": "pywin32", "win32gui": "pywin32", "nvidia": "", "cupy": "cupy",
}  # fmt: skip
# Names that nobody gives to a distribution on purpose: a module of the project is meant.
OWN_NAMES = re.compile(
    r"my_\w+|(?:\w+_)?(?:utils?|models?|networks?|nets?|visualiz\w*)|(?:config|data|dataset|train)_\w+|helpers?"
    r"|configs?|cfg|settings|params|options|opts|args|arguments|constants|globals|data|data_?sets?|data_?loaders?"
    r"|loss(?:es)?|\w+_loss|layers?|modules?|blocks?|ops|train(?:er|ing)?|test(?:er|ing)?|eval(?:uate|uator|uation)?"
    r"|infer(?:ence)?|predict(?:or|ion)?|engine|solver|metrics?|logger|transforms?|common|core|lib|src|tools|base|main"
    r"|(?:augment|preprocess|postprocess|generator|discriminator|encoder|decoder)\w*|app"
    r"|\w+_(?:generator|discriminator|dataset)"
)
ON_PYPI = {
    "datasets", "evaluate", "transformers", "accelerate", "timm", "torchdata", "tests", "test", "configs",
    "classification_models", "segmentation_models", "model_utils", "python_utils",
}  # fmt: skip
# What other distributions only build upon: their name within another's says nothing about who brings it.
FRAMEWORKS = {"torch", "pytorch", "tensorflow", "keras", "numpy", "scipy", "pandas", "transformers", "flask"}
GENERATED = re.compile(r"(^|\.)(_\w*|version|\w+_pb2(_grpc)?|\w+_rc|generated\w*|cython_\w+)(\.|$)")
SPARED = ("/__init__.py", ".pyi", "_pb2.py", "_pb2_grpc.py")  # re-exports, and what protoc writes
NOT_SHIPPED = re.compile(r"(^|/)(setup|conf|noxfile|tasks|conftest|versioneer)\.py$|(^|/)(benchmarks?|ci)/")
TOOLS = re.compile(r"(^|/)tools/")
PACKED = ("pyproject.toml", "setup.cfg", "setup.py", "METADATA", "PKG-INFO")


def find(target: Target) -> Iterator[Finding]:
    """Four kinds of findings, each thing under one id.

    Raises:
        NotRunError: ruff is missing.
    """
    yield from unused(target)
    local = local_of(target)
    yield from missing_and_undeclared(target, local)
    yield from cycles(local)


def unused(target: Target) -> Iterator[Finding]:
    """Ruff's F401 without its configuration, less package re-exports and optional imports."""
    optional = set(optional_imports(target))
    broken = {piece.path for piece in target.python if piece.cell is not None and piece.problem}
    files = [path for path in target.python_files if not f"/{path}".endswith(SPARED) and path not in broken]
    diagnostics, _ = ruff(["--isolated", "--select", "F401"], files, target.root)
    for item in (*diagnostics, *in_broken_notebooks(target, sorted(broken))):
        # Syntax errors, which ruff reports whatever it is asked for, are another family's.
        if item.code == "F401" and item.location not in optional:
            name = item.message.split("`")[1]
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
    # Beside what is packed into a distribution, tools are for those who make it; elsewhere they are the programs.
    packed = any(item.location.path.endswith(PACKED) for item in requirements)
    aside = (TEST_PATH, TEACHING_PATH, NOT_SHIPPED, *((TOOLS,) if packed else ()))
    reported: set[str] = set()
    for module in local.modules.values():
        names = common | {item.name for item in requirements if common and item.location.path == module.path}
        moves = moves_path(local, module)
        for item in imports_of(module):
            if item.optional or item.typing:
                continue
            first = item.module.split(".")[0]
            missing = lost(local, module, item, moves)
            if missing and (item.level or not covers(names, first)):
                place, excerpt = item.piece.at(item.line), item.piece.line(item.line)[:120]
                yield found(MISSING, place, f"there is no module `{missing}`", excerpt)
                continue
            if missing or item.level or item.deferred or first in local.tops or first in reported or not names:
                continue
            if any(pattern.search(module.path) for pattern in aside):
                continue
            elsewhere = moves and (module.is_notebook or OWN_NAMES.fullmatch(first))
            if is_foreign(first) and not covers(names, first) and not elsewhere:
                reported.add(first)
                message = f"`{first}` is neither in the tree nor among its declared dependencies"
                yield found(UNDECLARED, item.piece.at(item.line), message, item.piece.line(item.line)[:120])


def is_foreign(first: str) -> bool:
    """Whether a first name belongs to a distribution: not to Python, a notebook service, or a hidden module."""
    return first not in sys.stdlib_module_names and first != "" and not first.startswith("_") and first != "__main__"


def covers(names: set[str], first: str) -> bool:
    """Whether a declared distribution may bring the import name: by table, or because the names hold each other."""
    wanted = DISTRIBUTIONS.get(first, first).lower().replace("_", "-")
    parts = set(wanted.split("-")) - {"python", "py"}
    return any(
        wanted in name or name.replace("-", "") in (wanted.replace("-", ""), f"py{wanted}", f"python{wanted}")
        or (name not in FRAMEWORKS and ((len(name) > 3 and name in wanted) or name in parts))
        for name in names
    )  # fmt: skip


def lost(local: Local, module: Module, item: Import, moves: bool) -> str:
    """The name of a module of this tree that an import means and that is not there; "" when all is well."""
    if module.is_notebook and (item.level or moves):
        return ""
    dots = "." * item.level
    if GENERATED.search(item.module) or (not item.level and item.module.split(".")[0] in sys.stdlib_module_names):
        return ""
    place = local.resolve(module.path, item)
    if place is None or (item.level and not item.module and not place.endswith("__init__.py")):
        return ""
    if place == "":
        if item.level:
            return f"{dots}{item.module}"
        first, dot, _ = item.module.partition(".")
        if first in local.tops:
            here = not moves or any(local.resolve(module.path, other) for other in siblings(module, first))
            return item.module if dot and here and owns(local, first) else ""
        meant = OWN_NAMES.fullmatch(first) and first not in ON_PYPI and not item.deferred
        return item.module if meant and not moves else ""
    if not item.names or not place.endswith("__init__.py"):
        return ""
    for name in item.names:  # `from . import name`, `from package import name`: a module or something it defines
        absent = name != "*" and not local.defines(place, name) and not local.submodule(place, name)
        if absent and item.level and not item.module and not GENERATED.search(name):
            return f"{dots}{name}"
    return ""


def siblings(module: Module, first: str) -> list[Import]:
    """Imports of the same package: one that is found in the tree says that the package is the tree's."""
    return [item for item in imports_of(module) if not item.level and item.module.startswith(f"{first}.")]


def owns(local: Local, first: str) -> bool:
    """Whether a first name can only be a package of this tree.

    One inside another package (`app/wandb/`) is not what `import wandb` means.
    """
    return all(
        f"{folder}/{first}/__init__.py".lstrip("/") in local.files
        and f"{folder}/__init__.py".lstrip("/") not in local.files
        for folder in local.tops[first]
    )


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
        more = f", and {len(group) - len(loop) + 1} more modules hang in it" if len(group) > len(loop) - 1 else ""
        place = item.piece.at(item.line)
        yield found(CYCLE, place, f"{' → '.join(loop)}{more}", item.piece.line(item.line)[:120])


FAMILY = Family(
    "imports", "Imports are used, there, and declared", (UNUSED, MISSING, UNDECLARED, CYCLE), find, versions=("ruff",)
)
