"""What a tree says it needs: requirements files, pyproject.toml, setup.cfg, setup.py, conda, pip in notebooks."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from audit.model import Location
from audit.rules.code import RECORD_PATH, text_of
from audit.target import Kind, Piece, Target

REQUIREMENTS = re.compile(r"(^|/)([^/]*requirements?[^/]*\.(txt|in|pip)|(requirements|reqs)/[^/]+\.(txt|in))$", re.I)
CONDA = re.compile(r"(^|/)[^/]*(environment|conda|env)[^/]*\.ya?ml$", re.I)
ENVIRONMENT = (
    re.compile(r"^dependencies:\s*$", re.M), re.compile(r"^(?:name|channels):", re.M),
    re.compile(r"^\s*-\s*(?:python|pip)\b", re.M),
)  # fmt: skip
LOCKS = re.compile(
    r"(^|/)(poetry|uv|pdm|pixi|Pipfile)\.lock$|(^|/)([^/]*[^a-z/])?lock(ed)?([^a-z/][^/]*)?\.(txt|ya?ml|lock)$", re.I
)
CONSTRAINTS = re.compile(r"(^|/)[^/]*constraints?[^/]*\.txt$", re.I)
NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)$", re.DOTALL)
REPOSITORY = re.compile(r"git\+\w+://(?:[^/@\s]*@)?[^/\s]+/([^\s#\"']+)(?:#(\S*))?")
MOVING = re.compile(r"(?:refs/heads/\S+|(?:main|master|dev(?:elop)?|trunk|nightly|latest|HEAD)?)")  # a branch, or none
VERSIONED = re.compile(r"^[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?\s*[<>=~!]=\s*\d")
NEEDS = re.compile(r"requir|depend|extras|(?:^|_)(?:deps|reqs?|install)(?:_|$)", re.I)  # what lists of them are called
PIP = re.compile(r"(?:^|[!%;&|\s])(?:u?v?\s?pip3?|conda|mamba)\s+install\s+(.*)")
ASIDE = re.compile(
    r"(?<![a-z])(?:dev(?:el(?:opment)?)?|tests?|testing|docs?|documentation|lint(?:ing|ers?)?|ci|examples?|optional"
    r"|extras?|style|typing)(?![a-z])|python_version\s*<",
    re.I,
)
OLD = re.compile(r"python_version\s*<=?\s*['\"](?:2|3\.[0-8]['\"])")  # of a marker: what newer ones bring along
MAX_CHARACTERS = 200_000  # of a manifest; no person wrote a larger one
BUILT = ("METADATA", "PKG-INFO")  # what a distribution says of itself
FROM_TOOL = re.compile(r"(?:^|/)(poetry|uv|pdm|pixi|Pipfile)\.lock$", re.I)  # made from a manifest beside it
MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "conanfile.py")
# What the tree is installed as: in the table of the distribution, not in those of its tools.
OWN_NAME = re.compile(
    r"^\[(?:project|tool\.poetry|metadata)\][^\n]*(?:\n(?!\[)[^\n]*)*?\n[ \t]*name[ \t]*=[ \t]*[\"']?([\w.-]+)", re.M
)
NAME_GIVEN = re.compile(r"\bname\s*=\s*[\"']([\w.-]+)")


@dataclass(frozen=True)
class Requirement:
    """One distribution that something needs.

    Attributes:
        name: lower case, with hyphens.
        specifier: `>=1,<2`, "" for none; "@" for an address that names a version, "" for a repository without one, or
            with a branch that moves on.
        aside: only tests, documents and the like need it; no result hangs on it.
        marked: needed under a condition only, of a Python or a platform.
        extras: what is asked for beside it, `sentencepiece` of `transformers[sentencepiece]`; often a distribution.
    """

    name: str
    specifier: str
    location: Location
    aside: bool = False
    marked: bool = False
    extras: tuple[str, ...] = ()


def normal(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def own_names(target: Target) -> Iterator[str]:
    """What the tree's own distributions are called, as package indexes compare names."""
    for piece in target.pieces:
        file = piece.path.rpartition("/")[2]
        if file == "setup.py":
            match = NAME_GIVEN.search(piece.text.partition("setup(")[2])
        elif file in ("pyproject.toml", "setup.cfg"):
            match = OWN_NAME.search(piece.text)
        else:
            continue
        if match:
            yield normal(match.group(1))


def parsed(text: str, location: Location) -> Requirement | None:
    """`name[extra]>=1 ; marker`, or the address of a repository; None for what is no such line."""
    address = REPOSITORY.search(text)
    match = NAME.match(text.split(";")[0].split(" #")[0].strip())
    if address:
        named = match.group(1) if match and match.group(3).startswith("@") else ""
        return from_address(address, named, location)
    if not match:
        return None
    specifier = match.group(3).strip()
    if specifier and specifier[0] not in "<>=!~(@^*":
        return None
    marker = text.partition(";")[2]
    backport = OLD.search(marker) is not None
    extras = tuple(normal(extra.strip()) for extra in (match.group(2) or "").split(",") if extra.strip())
    return Requirement(normal(match.group(1)), specifier.strip("()"), location, backport, bool(marker), extras)


def from_address(address: re.Match[str], named: str, location: Location) -> Requirement:
    """`git+https://host/owner/name.git@revision#egg=name`."""
    path, _, revision = address.group(1).partition("@")
    egg = re.search(r"egg=([\w.-]+)", address.group(2) or "")
    name = named or (egg.group(1) if egg else path.rstrip("/").rpartition("/")[2].removesuffix(".git"))
    return Requirement(normal(name), "" if MOVING.fullmatch(revision) else "@", location)


def declared(target: Target) -> list[Requirement]:
    """Everything that any manifest or notebook of the tree names."""
    return [item for piece in target.pieces for item in from_piece(piece)]


def in_notebook(item: Requirement) -> bool:
    """Whether a requirement is a cell's `pip install`, which counts for that notebook only."""
    return item.location.path.endswith(".ipynb")


def from_piece(piece: Piece) -> Iterator[Requirement]:
    """What one file or cell declares."""
    name = PurePosixPath(piece.path).name
    if RECORD_PATH.search(piece.path):
        return
    if REQUIREMENTS.search(piece.path):
        yield from from_requirements(piece)
    elif name in ("pyproject.toml", "Pipfile"):
        yield from from_toml(piece)
    elif name == "setup.cfg":
        yield from from_cfg(piece)
    elif name == "setup.py" and piece.tree is not None:
        yield from from_setup(piece)
    elif name in BUILT:
        for number, line in enumerate(piece.lines, start=1):
            mark, _, wanted = line.partition(":")
            item = parsed(wanted, piece.at(number)) if mark == "Requires-Dist" else None
            if item:
                yield item
    elif CONDA.search(piece.path) or is_environment(piece):
        listed = True  # also a file that is nothing but the list
        for number, line in enumerate(piece.lines, start=1):
            if line[:1].isalpha():
                listed = line.startswith("dependencies")
            if not listed:
                continue
            match = re.match(r"\s*-\s*['\"]?([\w.-]+(?:\[\w+\])?\s*(?:[=<>!~].*)?|git\+.*?)['\"]?\s*$", line)
            item = parsed(match.group(1), piece.at(number)) if match else None
            if item:
                yield item
    elif piece.cell is not None and piece.kind is Kind.PYTHON and "install" in piece.text:
        for number, line in enumerate(piece.lines, start=1):
            match = PIP.search(line)
            for word in match.group(1).split() if match else ():
                item = None if word.startswith("-") else parsed(word.strip("'\""), piece.at(number))
                if item:
                    yield item


def is_environment(piece: Piece) -> bool:
    """Whether a YAML file under any name is one that conda reads."""
    return piece.path.endswith((".yml", ".yaml")) and all(mark.search(piece.text) for mark in ENVIRONMENT)


def from_requirements(piece: Piece) -> Iterator[Requirement]:
    """Lines of a requirements file; options, other files and addresses of archives are passed over."""
    for number, line in enumerate(piece.lines, start=1):
        text = re.sub(r"^(-e|--editable)\s+(?=git\+)", "", re.sub(r"(^|\s)#.*", "", line).strip())
        text = text.rstrip("\\").split(" --")[0]
        plain = "://" not in text.split("@")[0] and "/" not in text.split("@")[0]
        if text and not text.startswith("-") and (plain or REPOSITORY.search(text)):
            item = parsed(text, piece.at(number))
            if item:
                yield item


def from_toml(piece: Piece) -> Iterator[Requirement]:
    """[project] and its extras, [dependency-groups], Poetry and Pipfile tables."""
    if len(piece.text) > MAX_CHARACTERS:
        return
    try:
        document = tomllib.loads(piece.text)
    except (ValueError, RecursionError):  # no TOML, or nested without end
        return
    project = table(document.get("project"))
    groups = [("", project.get("dependencies")), *table(project.get("optional-dependencies")).items()]
    groups += table(document.get("dependency-groups")).items()
    texts = ((group, text) for group, listed in groups if isinstance(listed, list) for text in listed)
    for group, text in texts:
        item = parsed(text, piece.at(line_of(piece, text))) if isinstance(text, str) else None
        included = set(re.findall(r"[\w.-]+", text.partition("[")[2].partition("]")[0])) if item else set()
        own = included and included <= set(table(project.get("optional-dependencies")))
        mine = own and item and item.name.split("-")[0] == normal(str(project.get("name"))).split("-")[0]
        if item and not mine:  # extras include each other by the project's name, or by that of its package
            yield replace(item, aside=item.aside or is_aside(group))
    poetry = table(table(document.get("tool")).get("poetry"))
    tables = [("", poetry.get("dependencies")), ("dev", poetry.get("dev-dependencies"))]
    tables += [("", document.get("packages")), ("dev", document.get("dev-packages"))]
    tables += [(group, table(held).get("dependencies")) for group, held in table(poetry.get("group")).items()]
    for group, entries in tables:
        for name, value in table(entries).items():
            if name != "python":
                wanted = value.get("version", address(value)) if isinstance(value, dict) else value
                specifier = "" if wanted == "*" else re.sub(r"^(?=\d)", "==", str(wanted))  # a bare version is exact
                yield Requirement(normal(name), specifier, piece.at(line_of(piece, name)), is_aside(group))


def address(value: dict[str, Any]) -> str:
    """The specifier of an address in a table: "@", or "*" for a repository of which the newest is taken."""
    moves = "git" in value and not {"rev", "tag", "ref"} & value.keys()
    return "*" if moves and MOVING.fullmatch(str(value.get("branch", ""))) else "@"


def build_requirements(target: Target) -> set[str]:
    """What pyproject.toml needs for building only: hooks of the build may import it."""
    texts = [piece.text for piece in target.pieces if PurePosixPath(piece.path).name == "pyproject.toml"]
    lists = (match for text in texts for match in re.findall(r"^requires\s*=\s*\[([^\]]*)", text, re.MULTILINE))
    return {normal(name) for listed in lists for name in re.findall(r"['\"]\s*([\w.-]+)", listed)}


def is_aside(group: str) -> bool:
    """Whether a group of requirements is one of tests, documents and examples, by its name."""
    return ASIDE.search(group) is not None


def table(value: Any) -> dict[str, Any]:
    """A table, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def line_of(piece: Piece, text: str) -> int:
    """The first line that holds a text; 0 where none does."""
    name = re.match(r"[\w.-]*", text)
    begins = name.group() if name else text  # quotes in a marker may be written in two ways
    return next((n for n, line in enumerate(piece.lines, start=1) if text in line), 0) or next(
        (n for n, line in enumerate(piece.lines, start=1) if begins in line), 0
    )


def from_cfg(piece: Piece) -> Iterator[Requirement]:
    """install_requires and extras of setup.cfg: indented lines that look like requirements."""
    section = group = ""
    building = False
    for number, line in enumerate(piece.lines, start=1):
        if line.startswith("["):
            section, group = line, ""
        elif line[:1].isalpha():
            group = line.partition("=")[0] if "extras_require" in section else ""
            building = line.startswith("setup_requires")
        elif not building and section.startswith(("[options]", "[options.extras_require]")) and line[:1].isspace():
            item = parsed(line, piece.at(number))
            if item:
                yield replace(item, aside=item.aside or is_aside(group))


def from_setup(piece: Piece) -> Iterator[Requirement]:
    """Texts in the lists that setup.py calls requirements, or of which one names a version."""
    seen: set[int] = set()
    for node in piece.nodes:
        for name, value in named(node):
            if NEEDS.search(name) and not name.startswith(("python", "setup_")):  # those are for building only
                yield from in_lists(piece, value, "test" if name.startswith("test") else "", seen)
    for node in piece.nodes:
        if isinstance(node, ast.Call):
            seen.update(id(child) for word in node.args if "install" in words(word) for child in ast.walk(word))
        if isinstance(node, ast.List | ast.Tuple | ast.Set) and any(VERSIONED.match(text_of(e)) for e in node.elts):
            yield from in_lists(piece, node, "", seen)


def named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of a keyword, an assignment, or an entry of a dictionary."""
    if isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    elif isinstance(node, ast.Dict):
        yield from ((text_of(key), value) for key, value in zip(node.keys, node.values, strict=True))


def words(node: ast.AST) -> set[str]:
    """The texts of a list, as of a command line."""
    return {text_of(element) for element in node.elts} if isinstance(node, ast.List | ast.Tuple) else set()


def in_lists(piece: Piece, node: ast.AST, group: str, seen: set[int]) -> Iterator[Requirement]:
    """Requirements in the lists of an expression; keys of dictionaries are groups."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from in_lists(piece, value, group or text_of(key), seen)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for element in node.elts:
            item = parsed(text_of(element), piece.at(element.lineno)) if id(element) not in seen else None
            seen.add(id(element))
            if item:
                yield replace(item, aside=item.aside or is_aside(group))
    elif not isinstance(node, ast.Compare):  # what is compared is named elsewhere
        for child in ast.iter_child_nodes(node):
            yield from in_lists(piece, child, group, seen)
