"""What the tree says it needs: nothing, anything, or what cannot be installed."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEST_PATH
from audit.rules.family import Family, rule
from audit.rules.imports import DISTRIBUTIONS, OWN_NAMES, is_foreign
from audit.rules.local import imports_of, local_of
from audit.rules.requirements import (
    BUILT,
    CONDA,
    LOCKS,
    MANIFESTS,
    REQUIREMENTS,
    Requirement,
    declared,
    in_notebook,
    is_aside,
    normal,
    table,
)
from audit.target import Piece, Target

NONE = rule(
    "dependencies.none",
    title="No dependency is declared",
    why="Nobody can install what the code needs, or knows which versions it worked with.",
    fix="Write a requirements.txt or pyproject.toml with the versions that work.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNPINNED = rule(
    "dependencies.unpinned",
    title="Dependencies without a version",
    why="Next year's installation is another program; results are not those that were published.",
    fix="Give each a version or a range, or commit a lock file.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)
IMPOSSIBLE = rule(
    "dependencies.impossible",
    title="A requirement that cannot be installed",
    why="The installation stops here, or tries to build the distribution from source.",
    fix="Name a distribution and a version that has a build for the stated Python, or state another Python.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

# First version with builds for a Python: older ones stop the installation, or are built from source if they can be.
FIRST_FOR: dict[str, dict[tuple[int, int], tuple[int, ...]]] = {
    "torch": {(3, 9): (1, 7, 1), (3, 10): (1, 11), (3, 11): (1, 13), (3, 12): (2, 2), (3, 13): (2, 5), (3, 14): (2, 9)},
    "torchvision": {(3, 9): (0, 8, 2), (3, 10): (0, 12), (3, 11): (0, 14), (3, 12): (0, 17), (3, 13): (0, 20)},
    "tensorflow": {(3, 9): (2, 5), (3, 10): (2, 8), (3, 11): (2, 12), (3, 12): (2, 16), (3, 13): (2, 20)},
    "numpy": {(3, 10): (1, 21, 2), (3, 11): (1, 23, 2), (3, 12): (1, 26), (3, 13): (2, 1)},
    "pandas": {(3, 11): (1, 5), (3, 12): (2, 1), (3, 13): (2, 2, 3)},
    "scikit-learn": {(3, 11): (1, 1, 3), (3, 12): (1, 3), (3, 13): (1, 5, 2)},
}
# Lowest Python that a release series takes: (from version, Python), the last that applies counts.
LOWEST_PYTHON: dict[str, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    "numpy": (((1, 20), (3, 7)), ((1, 22), (3, 8)), ((1, 25), (3, 9)), ((2, 1), (3, 10)), ((2, 3), (3, 11))),
    "pandas": (((1, 2), (3, 7)), ((1, 4), (3, 8)), ((2, 1), (3, 9)), ((3, 0), (3, 11))),
    "scikit-learn": (((1, 0), (3, 7)), ((1, 1), (3, 8)), ((1, 4), (3, 9)), ((1, 7), (3, 10))),
    "torch": (((1, 11), (3, 7)), ((2, 0), (3, 8)), ((2, 5), (3, 9)), ((2, 9), (3, 10))),
    "tensorflow": (((2, 7), (3, 7)), ((2, 12), (3, 8)), ((2, 14), (3, 9))),
}
# (last series before, first series after) a leap: nothing was ever published between them.
LEAPS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "torch": ((1, 13), (2, 0)), "tensorflow": ((1, 15), (2, 0)), "numpy": ((1, 26), (2, 0)),
    "pandas": ((0, 25), (1, 0)), "scikit-learn": ((0, 24), (1, 0)),
}  # fmt: skip
# Names of modules that no distribution has; the distribution that is meant, "" for a part of Python itself.
MODULE_NAMES = {
    "cv2": "opencv-python", "pil": "pillow", "yaml": "pyyaml", "skimage": "scikit-image", "sklearn": "scikit-learn",
    **dict.fromkeys(("python", "os", "sys", "time", "math", "json", "pickle", "shutil", "collections"), ""),
}  # fmt: skip
SHOWN = 8  # names in one message
EXACT = re.compile(r"^={1,3}\s*v?(\d+(?:\.\d+)*)(?:\+\w+)?$")
HARMLESS = {
    "pip", "setuptools", "wheel", "python", "conda", "nodejs",
    "pytest", "pytest-cov", "coverage", "tox", "nox", "flake8", "pylint", "ruff", "mypy", "black", "isort",
    "pre-commit", "twine", "build", "ipython", "ipykernel", "jupyter", "jupyterlab", "notebook",
}  # fmt: skip


def find(target: Target) -> Iterator[Finding]:
    """At most one finding of `none` in the tree and of `unpinned` in a file."""
    requirements = declared(target)
    if all(in_notebook(item) for item in requirements):
        yield from undeclared(target, {item.location.path for item in requirements})
        return
    if not any(LOCKS.search(path) for path in target.files):
        yield from unpinned(requirements)
    lowest, highest = stated_python(target)
    for item in requirements:
        reason = impossible(item, lowest, highest)
        if reason:
            yield found(IMPOSSIBLE, item.location, reason)


def undeclared(target: Target, installing: set[str]) -> Iterator[Finding]:
    """Third-party imports in a tree that declares nothing; notebooks that install what they need are left out."""
    manifests = [path for path in target.files if path.endswith(MANIFESTS) or REQUIREMENTS.search(path)]
    texts = [piece.text for piece in target.pieces if piece.path in manifests]
    if any(re.search(r"dynamic|dependencies|require", text) for text in texts):
        return
    local = local_of(target)
    names: dict[str, Location] = {}
    for module in local.modules.values():
        hosted = module.is_notebook and any("colab" in piece.text for piece in module.pieces)
        if hosted or TEST_PATH.search(module.path) or module.path in installing or module.path.endswith("setup.py"):
            continue
        for item in imports_of(module):
            first = item.module.split(".")[0]
            known = first not in local.tops and not item.level and is_foreign(first) and DISTRIBUTIONS.get(first, first)
            if known and not item.optional and not item.typing and not OWN_NAMES.fullmatch(first):
                names.setdefault(first, item.piece.at(item.line))
    if names:
        listed = ", ".join(sorted(names)[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        yield found(NONE, min(names.values()), f"{listed}: used, and declared nowhere")


def unpinned(requirements: list[Requirement]) -> Iterator[Finding]:
    """One finding for each file that names distributions without any version."""
    by_file: dict[str, list[Requirement]] = defaultdict(list)
    for item in requirements:
        path = item.location.path
        free = not item.specifier and item.name not in HARMLESS
        aside = item.aside or (is_aside(path) and not CONDA.search(path))
        if free and not aside and not path.endswith((".ipynb", "setup.py", ".in", *BUILT)):
            by_file[path].append(item)
    for items in by_file.values():
        names = list(dict.fromkeys(item.name for item in items))
        listed = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        yield found(UNPINNED, items[0].location, f"any version of {listed} will do")


def stated_python(target: Target) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """(lowest, highest) Python that the tree says it runs on; None where it does not say."""
    for piece in target.pieces:
        if piece.path == ".python-version" or CONDA.search(piece.path):
            match = re.search(r"(?:^|python\s*=+\s*)(3\.\d+)", piece.text, re.MULTILINE)
            if match:
                return minor(match.group(1)), minor(match.group(1))
        if PurePosixPath(piece.path).name in ("runtime.txt", "Dockerfile"):
            match = re.search(r"^(?:python-|FROM\s+python:)(3\.\d+)", piece.text, re.MULTILINE)
            if match:
                return minor(match.group(1)), minor(match.group(1))
    for piece in target.pieces:
        wanted = requires_python(piece)
        if wanted:
            low = re.search(r"(?:>=|==|~=|\^)\s*(3\.\d+)", wanted)
            high = re.search(r"(<=?|==)\s*(3\.\d+)", wanted)
            top = minor(high.group(2)) if high else None
            if high and top and high.group(1) == "<":
                top = (3, top[1] - 1)
            return minor(low.group(1)) if low else None, top
    return None, None


def requires_python(piece: Piece) -> str:
    """What pyproject.toml or setup.py ask of Python."""
    if piece.path == "pyproject.toml":
        try:
            document = tomllib.loads(piece.text)
        except (ValueError, RecursionError):  # no TOML, or nested without end
            return ""
        poetry = table(table(table(document.get("tool")).get("poetry")).get("dependencies"))
        return str(table(document.get("project")).get("requires-python") or poetry.get("python") or "")
    if piece.path in ("setup.py", "setup.cfg"):
        match = re.search(r"python_requires\s*=\s*['\"]?([<>=~!\d., *]+)", piece.text)
        return match.group(1) if match else ""
    return ""


def minor(text: str) -> tuple[int, int]:
    """`3.11` as numbers."""
    major, _, rest = text.partition(".")
    return int(major), int(rest)


def impossible(item: Requirement, lowest: tuple[int, int] | None, highest: tuple[int, int] | None) -> str:
    """Why a distribution, or its exact version on the stated Python, cannot be had; "" where it may."""
    name = normal(item.name)
    if name in MODULE_NAMES and REQUIREMENTS.search(item.location.path):
        meant = MODULE_NAMES[name]
        return f"no distribution is called {name}: " + (f"{meant} is meant" if meant else "it is a part of Python")
    match = EXACT.match(item.specifier)
    if not match:
        return ""
    version = tuple(int(part) for part in match.group(1).split("."))
    leap = LEAPS.get(name)
    if leap and leap[0] < (*version, 0)[:2] < leap[1]:
        return f"{name} {match.group(1)} was never published: {dots(leap[1])} follows {dots(leap[0])}"
    for python, first in FIRST_FOR.get(name, {}).items():
        if lowest and python == lowest and version < first:
            return f"{name} {match.group(1)} has no build for Python {dots(python)}: the first is {dots(first)}"
    needed = [python for since, python in LOWEST_PYTHON.get(name, ()) if version >= since]
    if needed and highest and highest < needed[-1]:
        return f"{name} {match.group(1)} needs Python {dots(needed[-1])}, and {dots(highest)} is stated"
    return ""


def dots(numbers: tuple[int, ...]) -> str:
    """`3.11` of (3, 11)."""
    return ".".join(map(str, numbers))


FAMILY = Family("dependencies", "What is needed is declared", (NONE, UNPINNED, IMPOSSIBLE), find, reads_text=True)
