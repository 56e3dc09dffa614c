"""What the tree says it needs: nothing, anything, or what cannot be installed."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEST_PATH
from audit.rules.family import Family, rule
from audit.rules.imports import DISTRIBUTIONS, OWN_NAMES, is_foreign
from audit.rules.local import Local, imports_of
from audit.rules.requirements import CONDA, LOCKS, MANIFESTS, REQUIREMENTS, Requirement, declared, normal, table
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
    title="A version that does not exist for the stated Python",
    why="The installation stops here, or tries to build the distribution from source.",
    fix="Pin a version that has a build for this Python, or state another Python.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

# First version with builds for a Python, where the distribution offers no source to build from or cannot be built.
FIRST_FOR: dict[str, dict[tuple[int, int], tuple[int, ...]]] = {
    "torch": {(3, 9): (1, 7, 1), (3, 10): (1, 11), (3, 11): (1, 13), (3, 12): (2, 2), (3, 13): (2, 5), (3, 14): (2, 9)},
    "tensorflow": {(3, 9): (2, 5), (3, 10): (2, 8), (3, 11): (2, 12), (3, 12): (2, 16), (3, 13): (2, 20)},
}
# Lowest Python that a release series takes: (from version, Python), the last that applies counts.
LOWEST_PYTHON: dict[str, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    "numpy": (((1, 22), (3, 8)), ((1, 25), (3, 9)), ((2, 1), (3, 10)), ((2, 3), (3, 11))),
    "pandas": (((1, 4), (3, 8)), ((2, 1), (3, 9)), ((3, 0), (3, 11))),
    "scikit-learn": (((1, 1), (3, 8)), ((1, 4), (3, 9)), ((1, 7), (3, 10))),
    "torch": (((2, 0), (3, 8)), ((2, 5), (3, 9)), ((2, 9), (3, 10))),
}
SHOWN = 8  # names in one message
EXACT = re.compile(r"^={1,3}\s*v?(\d+(?:\.\d+)*)(?:\+\w+)?$")
HARMLESS = {"pip", "setuptools", "wheel", "python", "conda", "nodejs"}


def find(target: Target) -> Iterator[Finding]:
    """At most one finding of `none` in the tree and of `unpinned` in a file."""
    requirements = declared(target)
    if not requirements:
        yield from undeclared(target)
        return
    if not any(LOCKS.search(path) for path in target.files):
        yield from unpinned(requirements)
    lowest, highest = stated_python(target)
    for item in requirements:
        reason = impossible(item, lowest, highest)
        if reason:
            yield found(IMPOSSIBLE, item.location, reason)


def undeclared(target: Target) -> Iterator[Finding]:
    """Third-party imports in a tree that declares nothing."""
    manifests = [path for path in target.files if path.endswith(MANIFESTS) or REQUIREMENTS.search(path)]
    texts = [piece.text for piece in target.pieces if piece.path in manifests]
    if any(re.search(r"dynamic|dependencies|require", text) for text in texts):
        return
    local = Local(target)
    names: dict[str, Location] = {}
    for module in local.modules.values():
        if TEST_PATH.search(module.path) or (module.is_notebook and "colab" in "".join(p.text for p in module.pieces)):
            continue
        for item in sorted(imports_of(module), key=lambda item: (item.piece.cell or 0, item.line)):
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
        free = not item.specifier and item.name not in HARMLESS
        if free and not item.location.path.endswith((".ipynb", "setup.py", ".in")) and not is_aside(item.location.path):
            by_file[item.location.path].append(item)
    for items in by_file.values():
        names = list(dict.fromkeys(item.name for item in items))
        listed = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        yield found(UNPINNED, items[0].location, f"any version of {listed} will do")


def is_aside(path: str) -> bool:
    """Requirements of tests, documents and examples, which no result hangs on."""
    return bool(re.search(r"dev|test|docs?|lint|ci|example|optional|extra", path, re.I)) and not CONDA.search(path)


def stated_python(target: Target) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """(lowest, highest) Python that the tree says it runs on; None where it does not say."""
    for piece in target.pieces:
        if piece.path == ".python-version" or CONDA.search(piece.path):
            match = re.search(r"(?:^|python\s*=+\s*)(3\.\d+)", piece.text, re.MULTILINE)
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
    """Why an exact version cannot be had on the stated Python; "" where it can, or nobody knows."""
    match = EXACT.match(item.specifier)
    if not match:
        return ""
    version = tuple(int(part) for part in match.group(1).split("."))
    name = normal(item.name)
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
