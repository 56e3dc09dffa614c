"""What the tree says it needs: nothing, anything, or what cannot be installed."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEST_PATH
from audit.rules.dependencies.installs import installed
from audit.rules.dependencies.versions import EXACT, clashes, impossible, outgrown, twice
from audit.rules.family import Family, rule
from audit.rules.local import imports_of, local_of
from audit.rules.names import DISTRIBUTIONS, OWN_NAMES, is_foreign
from audit.rules.requirements import (
    BUILT,
    CONDA,
    CONSTRAINTS,
    FROM_TOOL,
    LOCKS,
    MANIFESTS,
    REQUIREMENTS,
    Requirement,
    declared,
    in_notebook,
    is_aside,
    normal,
    own_names,
    parsed,
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
OPEN = rule(
    "dependencies.open",
    title="Requirements with a lower bound only",
    why="The next major release is installed as soon as it is out, and the program was never run with it.",
    fix="Give each an upper bound or the version that works, or commit a lock file or constraints.",
    severity=Severity.MINOR,
    confidence=Confidence.LOW,
)
IMPOSSIBLE = rule(
    "dependencies.impossible",
    title="A requirement that cannot be installed",
    why="The installation stops here, or tries to build the distribution from source.",
    fix="Name a distribution and a version that has a build for the stated Python, or state another Python.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

SHOWN = 8  # names in one message
# A manifest that names what is needed in a way that is not understood here: then nothing is said.
SAYS = re.compile(
    r"\bdynamic\s*=\s*\[[^\]]*dependencies|dependencies\s*(?:\]|=(?!\s*\[\s*\]))|install_requires\s*=(?!\s*\[\s*\])"
    r"|requirements|REQUIRE"
)
HARMLESS = {
    "pip", "setuptools", "wheel", "python", "conda", "nodejs", "git", "git-lfs", "make", "cmake",
    "pytest", "pytest-cov", "coverage", "tox", "nox", "flake8", "pylint", "ruff", "mypy", "black", "isort",
    "pre-commit", "twine", "build", "autopep8", "yapf", "codecov",
    "ipython", "ipykernel", "jupyter", "jupyterlab", "notebook",
}  # fmt: skip

IMAGE = re.compile(r"^FROM\s+(?:\S+/)?python:(3\.\d+)", re.M)
PLUGINS = ("pytest-", "flake8-", "types-", "jupyter")  # of tools on which no result hangs


def find(target: Target) -> Iterator[Finding]:
    """At most one finding of `none` in the tree, of `unpinned` and of `open` in a file."""
    requirements = declared(target)
    yield from unpinned_installs(target, requirements)
    if all(in_notebook(item) for item in requirements):
        yield from undeclared(target, {item.location.path for item in requirements})
        return
    yield from unpinned(target, requirements)
    yield from without_end(target, requirements)
    yield from impossible_installs(target)
    stated = stated_python(target)
    environments = dict(own_python(requirements))
    allowed = {piece.path: span(wanted)[0] for piece in target.pieces if (wanted := requires_python(piece))}
    for item in requirements:
        own = environments.get(item.location.path)
        reason = impossible(item, *((own, own) if own else stated))
        reason = reason or outgrown(item, allowed.get(item.location.path))
        if reason:
            yield found(IMPOSSIBLE, item.location, reason)
    yield from (
        found(IMPOSSIBLE, item.location, reason) for item, reason in (*clashes(requirements), *twice(requirements))
    )


def undeclared(target: Target, installing: set[str]) -> Iterator[Finding]:
    """Third-party imports in a tree that declares nothing; notebooks that install what they need are left out."""
    manifests = [path for path in target.files if path.endswith(MANIFESTS) or REQUIREMENTS.search(path)]
    texts = [piece.text for piece in target.pieces if piece.path in manifests]
    if any(SAYS.search(text) for text in texts):
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
        yield found(NONE, min(names.values()), f"{named(sorted(names))}: used, and declared nowhere")


def unpinned(target: Target, requirements: list[Requirement]) -> Iterator[Finding]:
    """One finding for each file that names distributions without any version, which no other file gives them."""
    pinning: dict[str, set[str]] = defaultdict(set)
    for item in requirements:
        if not is_free(item) and not in_notebook(item):
            pinning[item.name].add(folder(item.location.path))
    fixed = set(constrained(target)) | set(own_names(target))
    by_file: dict[str, list[Requirement]] = defaultdict(list)
    for item in requirements:
        path = item.location.path
        if not path.endswith((".ipynb", ".in", *BUILT)) and not is_locked(path, target):
            by_file[path].append(item)
    for path, items in by_file.items():
        free = [item for item in wanted(path, items) if is_free(item) and item.name not in HARMLESS | fixed]
        careful = 2 * len([item for item in items if not is_free(item)]) > len(items)  # it means to give all a version
        names = list(dict.fromkeys(item.name for item in free if careful or folder(path) not in pinning[item.name]))
        if names:
            first = next(item for item in free if item.name == names[0])
            yield found(UNPINNED, first.location, any_version(names))


def without_end(target: Target, requirements: list[Requirement]) -> Iterator[Finding]:
    """One finding for each requirements.txt of a program whose lower bounds (`numpy>=1.26`) nothing completes.

    A library leaves the upper end to those who install it; of a tree that can be installed itself nothing is said.
    """
    if any(own_names(target)):
        return
    bounded = {item.name for item in requirements if not is_free(item) and not is_lower_bound(item)}
    bounded |= {*constrained(target), *HARMLESS}
    by_file: dict[str, list[Requirement]] = defaultdict(list)
    for item in requirements:
        path = item.location.path
        if REQUIREMENTS.search(path) and path.endswith(".txt") and not is_aside(path) and not is_locked(path, target):
            by_file[path].append(item)
    for path, items in by_file.items():
        lower = [item for item in wanted(path, items) if is_lower_bound(item) and item.name not in bounded]
        lower = [item for item in lower if not impossible(item, None, None)]
        if lower:
            names = named(item.name for item in lower)
            yield found(OPEN, lower[0].location, f"any later version of {names} will do, also the next major one")


def unpinned_installs(target: Target, requirements: list[Requirement]) -> Iterator[Finding]:
    """One finding for each recipe, script or notebook that installs what nothing in the tree gives a version."""
    by_file: dict[str, list[Requirement]] = defaultdict(list)
    for item in installed(target):
        by_file[item.location.path].append(item)
    if not by_file:
        return
    items = [item for listed in (requirements, *by_file.values()) for item in listed]
    given = {item.name for item in items if not is_free(item)} | set(constrained(target)) | set(own_names(target))
    own = {normal(name) for name in local_of(target).tops}
    for path, listed in by_file.items():
        free = [item for item in listed if is_free(item) and item.name not in HARMLESS | given | own]
        if free and not is_locked(path, target):
            yield found(UNPINNED, free[0].location, any_version(item.name for item in free))


def impossible_installs(target: Target) -> Iterator[Finding]:
    """What the recipe of an image installs and its own Python does not have."""
    images = {piece.path: set(IMAGE.findall(piece.text)) for piece in target.pieces if "FROM" in piece.text}
    for item in installed(target):
        pythons = images.get(item.location.path, set())
        if len(pythons) == 1 and item.specifier.startswith("=="):
            python = minor(*pythons)
            if reason := impossible(item, python, python):
                yield found(IMPOSSIBLE, item.location, reason)


def any_version(names: Iterable[str]) -> str:
    """What is said of names without a version."""
    return f"any version of {named(names)} will do"


def named(names: Iterable[str]) -> str:
    """The first of some names, each once."""
    each = list(dict.fromkeys(names))
    return ", ".join(each[:SHOWN]) + (" …" if len(each) > SHOWN else "")


def folder(path: str) -> str:
    """The folder of the project that a manifest is of; that of requirements is none."""
    return re.sub(r"(?:^|/)(?:requirements|reqs)$", "", path.rpartition("/")[0], flags=re.I)


def is_locked(path: str, target: Target) -> bool:
    """Whether what a manifest names is resolved in a lock: that of a tool made from it, or one under any name."""
    for lock in target.files:
        if not LOCKS.search(lock) or is_listing(lock):
            continue
        tool = FROM_TOOL.search(lock)
        above = lock.rpartition("/")[0]
        if tool is None or path == lock.removesuffix(".lock"):
            return True
        made_from = f"{above}/pyproject.toml".removeprefix("/")
        inside = not above or path.startswith(f"{above}/")
        if inside and made_from in target.files and path.endswith(("pyproject.toml", "setup.py", "setup.cfg")):
            return True
    return False


def is_listing(path: str) -> bool:
    """Whether a lock lists requirements, one a line."""
    return LOCKS.search(path) is not None and FROM_TOOL.search(path) is None and not path.endswith((".yml", ".yaml"))


def wanted(path: str, items: list[Requirement]) -> list[Requirement]:
    """Those of a file on which results may hang.

    Of a group for tests and documents none, unless the file pins most of what it names: then versions matter. Of a file
    of such requirements those that are more than plugins of its tools.
    """
    exact = sum(EXACT.match(item.specifier) is not None for item in items)
    if 2 * exact > len(items):
        return items
    if CONDA.search(path) and is_aside(path.rpartition("/")[0]):
        return []
    if REQUIREMENTS.search(path) and is_aside(path):
        return [item for item in items if not item.name.startswith(PLUGINS)]
    return [item for item in items if not item.aside]


def is_free(item: Requirement) -> bool:
    """Whether every version will do: none is named, or zero as the lowest."""
    return re.fullmatch(r"(?:>=\s*0(?:\.0)*)?", item.specifier) is not None


def is_lower_bound(item: Requirement) -> bool:
    """`>=1.26`: every later version will do."""
    return not is_free(item) and re.fullmatch(r">=?\s*[\w.]+", item.specifier) is not None


def constrained(target: Target) -> Iterator[str]:
    """Names to which a file of constraints, or a lock that lists them, gives a version."""
    for piece in target.pieces:
        if CONSTRAINTS.search(piece.path) or is_listing(piece.path):
            items = (parsed(line, piece.at(0)) for line in piece.lines if not line.startswith("#"))
            yield from (item.name for item in items if item and item.specifier)


def stated_python(target: Target) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """(lowest, highest) Python that the tree says it runs on; None where it does not say."""
    for piece in target.pieces:
        if "/" not in piece.path and (piece.path == ".python-version" or CONDA.search(piece.path)):
            match = re.search(r"(?:^|python\s*=+\s*)(3\.\d+)", piece.text, re.MULTILINE)
            if match:
                return minor(match.group(1)), minor(match.group(1))
        if PurePosixPath(piece.path).name in ("runtime.txt", "Dockerfile", "dockerfile", "Pipfile"):
            match = re.search(r"^(?:python-|FROM\s+python:|python_version *= *\")(3\.\d+)", piece.text, re.MULTILINE)
            if match:
                return minor(match.group(1)), minor(match.group(1))
    for piece in target.pieces:
        wanted = requires_python(piece)
        if wanted:
            return span(wanted)
    return None, None


def span(wanted: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """(lowest, highest) Python of a specifier; Poetry's `~3.11`, `3.11` and `3.11.*` are of one Python only."""
    one = re.fullmatch(r"(?:==?\s*|~\s*|~=\s*(?=3\.\d+\.\d))?(3\.\d+)(?:\.[\d*]+)*", wanted.strip())
    if one:
        return minor(one.group(1)), minor(one.group(1))
    low = re.search(r"(?:>=|==|~=|\^|~)\s*(3\.\d+)", wanted)
    high = re.search(r"(<=?|==)\s*(3\.\d+)", wanted)
    top = minor(high.group(2)) if high else None
    if high and top and high.group(1) == "<":
        top = (3, top[1] - 1)
    return minor(low.group(1)) if low else None, top


def own_python(requirements: list[Requirement]) -> Iterator[tuple[str, tuple[int, int]]]:
    """(path, Python) of each environment of conda that pins its Python."""
    for item in requirements:
        match = re.match(r"=+\s*(3\.\d+)", item.specifier) if item.name == "python" else None
        if match:
            yield item.location.path, minor(match.group(1))


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


FAMILY = Family(
    "dependencies", "Dependencies are declared with their versions", (NONE, UNPINNED, OPEN, IMPOSSIBLE), find,
    reads_text=True, of_code=True,
)  # fmt: skip
