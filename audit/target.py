"""The tree under audit as pieces of text with addresses. Reads files; imports and runs nothing of them."""

import ast
import io
import os
import re
import stat
import subprocess
import tokenize
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from audit import notebooks
from audit.config import Exclusion
from audit.dialects import rest_of, tree_of
from audit.model import Location
from audit.ours import is_ours
from audit.patterns import Pattern
from audit.scripts import is_script, start
from audit.trees import Node, Walk, held, walk

MAX_BYTES = 32 * 2**20  # larger files are noted, not read
MAX_CODE = 2 * 2**20  # characters of one piece of Python; a syntax tree takes a hundred times as much memory
MAX_DEPTH = 1000  # of a syntax tree; deeper ones stop what walks them by recursion
SKIPPED_FOLDERS = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".eggs", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints", "site-packages",
}  # fmt: skip
BUILT = re.compile(r"((?:.*/)?)(build/lib(?:\.[^/]*)?)/(.+)")  # where setuptools lays its copy of what it builds
PATIENCE = 30  # seconds for git; a repository may be made so that it waits for ever
CLOSED = re.compile(rb"could not open directory '(.+?)/?':")  # what git says of it
# What a test is given to read: it may be broken on purpose.
GIVEN = re.compile(r"(^|/)tests?/(.*/)?(data|fixtures?|resources|samples?|assets|cases)/")
PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")


class Kind(StrEnum):
    """What a piece of text is."""

    PYTHON = "python"
    MARKDOWN = "markdown"
    OUTPUT = "output"
    TEXT = "text"


@dataclass(frozen=True)
class Piece:
    """A text with an address: a file, or one cell or output of a notebook.

    Attributes:
        text: as it stands in the file or cell.
        tree: its syntax tree when it is Python that parses (magics of a cell replaced line for line), or that of what
            parses of it.
        problem: why it could not be read or parsed, or not all of it, with the line; None when all is well.
        outdated: why this Python does not parse it, with the line, where the tree is that of an older Python.
    """

    path: str
    kind: Kind
    text: str
    cell: int | None = None
    tree: ast.Module | None = field(default=None, compare=False, repr=False)
    problem: tuple[str, int] | None = None
    outdated: tuple[str, int] | None = None

    def at(self, line: int) -> Location:
        """The address of one of its lines."""
        return Location(self.path, line, self.cell)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without the spaces around it."""
        there = 0 < number < len(self.ends)
        return self.text[self.ends[number - 1] + 1 : self.ends[number]].strip() if there else ""

    @cached_property
    def ends(self) -> Sequence[int]:
        """Where the lines end, the one before the first too: a tenth of the memory of the lines themselves."""
        return array("l", (-1, *(match.start() for match in re.finditer("\n", self.text)), len(self.text)))

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its syntax tree, each before those it holds; nothing for what does not parse.

        Without the marks of load and store, of which all trees share one of each kind.
        """
        return self.walk.nodes

    @cached_property
    def walk(self) -> Walk:
        """Its syntax tree level by level."""
        return walk(self.tree)

    def of(self, *kinds: type[Node]) -> list[Node]:
        """Its nodes of these very kinds, and none of what derives from them, each before those it holds."""
        return self.walk.of(*kinds)

    @cached_property
    def statements(self) -> tuple[ast.AST, ...]:
        """Every statement, handler and case of its syntax tree, each before those it holds: a tenth of all nodes."""
        found: list[ast.AST] = []
        waiting: list[ast.AST] = [self.tree] if self.tree else []
        while waiting:
            node = waiting.pop()
            below = held(node)
            found += below
            waiting += below
        return tuple(found)

    @cached_property
    def lines(self) -> list[str]:
        """Split at newlines only, as Python counts them."""
        return self.text.split("\n")


@dataclass(frozen=True)
class Target:
    """A tree of files, each read and parsed once, when it is first asked for.

    Attributes:
        root: where it lies.
        files: relative paths with forward slashes, sorted.
        notes: what was left unread, and why.
        idle: exclusions that leave nothing out.
    """

    root: Path
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Everything that is text, in the order of the files."""
        return tuple(piece for path in self.files for piece in read(self.root, path))

    @cached_property
    def derived(self) -> dict[str, Any]:
        """What rules have worked out of this tree and share, by name."""
        return {}

    @property
    def python(self) -> Iterator[Piece]:
        """Python modules and code cells, also those that do not parse (their tree is None)."""
        return (piece for piece in self.pieces if piece.kind is Kind.PYTHON)

    @cached_property
    def python_files(self) -> list[str]:
        """Paths of modules, programs and notebooks, for tools that read them themselves."""
        known = (*PYTHON_SUFFIXES, ".ipynb")
        return [path for path in self.files if path.endswith(known) or is_script(path, start(self.root / path))]


def open_target(root: Path, include: tuple[str, ...] = ("**",), exclude: tuple[Exclusion, ...] = ()) -> Target:
    """The files under `root` that git knows or would add; without git, all but the usual caches and environments."""
    every, notes = listed(root)
    found, copied = without_copies(every)
    notes, files = [*notes, *copied], []
    for path in chosen(found, include, exclude):
        try:
            problem = unfit(root / path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # deleted but still in git's index
        except OSError as error:
            problem = f"cannot be reached, {error.strerror}"
        if problem is None:
            files.append(path)
        elif problem:
            notes.append(f"{path}: {problem}")
    idle = tuple(item.path for item in exclude if not any(map(Pattern(item.path).matches, every)))
    return Target(root, tuple(files), tuple(notes), idle)


def without_copies(paths: list[str]) -> tuple[list[str], list[str]]:
    """(the paths without the copies that a build made of others among them, a note for each folder of copies)."""
    known = frozenset(paths)
    copies = {path: match for path in paths if (match := BUILT.fullmatch(path)) and match[1] + match[3] in known}
    folders = Counter(match[1] + match[2] for match in copies.values())
    notes = [f"{folder}: a build's copies of {count} files of this tree, not read" for folder, count in folders.items()]
    return [path for path in paths if path not in copies], sorted(notes)


def unfit(path: Path) -> str | None:
    """Why what lies here is not read; None for a file, "" for a folder that has taken the place of one.

    Raises:
        OSError: nothing lies here, or nobody may look.
    """
    facts = path.lstat()
    if stat.S_ISLNK(facts.st_mode):
        return "a symbolic link, not followed"
    if stat.S_ISDIR(facts.st_mode):
        own = (path / ".git").exists() or not any(path.iterdir())
        return "a submodule or other repository inside this one, not looked into" if own else ""
    if not stat.S_ISREG(facts.st_mode):
        return "a pipe, socket or device, not opened"
    if facts.st_size > MAX_BYTES:
        return f"larger than {MAX_BYTES // 2**20} MiB, not read"
    with suppress(OSError):  # what cannot be read is a finding
        return "a report of an audit, not read" if is_ours(path) else None
    return None


def chosen(paths: Iterable[str], include: tuple[str, ...], exclude: tuple[Exclusion, ...]) -> list[str]:
    """The paths that are to be audited, in order."""
    wanted = [Pattern(pattern) for pattern in include]
    unwanted = [Pattern(item.path) for item in exclude]
    return sorted(
        path
        for path in paths
        if any(pattern.matches(path) for pattern in wanted) and not any(p.matches(path) for p in unwanted)
    )


def listed(root: Path) -> tuple[list[str], list[str]]:
    """(paths, notes): as git lists them; what can be walked to where there is no git, no repository, or no answer."""
    try:
        paths, notes = git_files(root)
    except subprocess.TimeoutExpired:
        walked, notes = walked_files(root)
        silence = f".git: git gave no answer within {PATIENCE} s, what it would ignore is read as well"
        return walked, [silence, *notes]
    return (paths, notes) if paths else walked_files(root)


def git_files(root: Path) -> tuple[list[str], list[str]]:
    """(tracked files and those untracked but not ignored, notes); nothing where there is no git or no repository.

    Raises:
        subprocess.TimeoutExpired: it does not answer.
    """
    # fsmonitor is a program that the repository's own configuration may name: it must not run.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [*command, "--exclude-standard"], capture_output=True, check=False, env=environment, timeout=PATIENCE
        )
    except OSError:
        return [], []
    if done.returncode != 0:
        return [], []
    closed = [os.fsdecode(name) for name in CLOSED.findall(done.stderr)]
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name], [shut(name) for name in closed]


def walked_files(root: Path) -> tuple[list[str], list[str]]:
    """(all files under `root`, notes on folders that cannot be listed), following no link."""
    found = []
    closed: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=closed.append):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.endswith(".egg-info")]
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in (*names, *linked)]
    return found, [shut(Path(error.filename).relative_to(root).as_posix()) for error in closed]


def shut(folder: str) -> str:
    """The note on a folder that cannot be listed."""
    return f"{folder}: a folder that cannot be listed, not looked into"


def read(root: Path, path: str) -> Iterator[Piece]:
    """The pieces of one file; none for a binary file that does not claim to be Python."""
    is_python = path.endswith(PYTHON_SUFFIXES)
    kind = Kind.PYTHON if is_python else Kind.MARKDOWN if path.endswith((".md", ".rst")) else Kind.TEXT
    try:
        with (root / path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        yield Piece(path, kind, "", problem=(f"cannot be read: {error.strerror}", 0))
        return
    if len(data) > MAX_BYTES:
        yield Piece(path, kind, "", problem=("grows while it is read", 0))
        return
    if b"\0" in data:
        if is_python or path.endswith(".ipynb"):
            yield Piece(path, Kind.PYTHON, "", problem=("contains NUL bytes: a binary file under a name of code", 0))
        return
    is_python = is_python or is_script(path, data)
    kind = Kind.PYTHON if is_python else kind
    try:
        text = data.decode(encoding(data) if is_python else "utf-8-sig")
    except (UnicodeDecodeError, SyntaxError, LookupError):
        text = data.decode("latin-1")
        if is_python:
            yield Piece(path, Kind.PYTHON, text, problem=("is not UTF-8 and declares no other encoding", 0))
            return
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if path.endswith(".ipynb"):
        yield from notebook(path, text)
    elif is_python:
        yield parsed(path, text, text, None)
    else:
        yield Piece(path, kind, text)


def encoding(data: bytes) -> str:
    """By byte-order mark or coding comment, else UTF-8."""
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def notebook(path: str, text: str) -> Iterator[Piece]:
    """Sources and text outputs, cell by cell."""
    try:
        found = notebooks.cells(text)
    except notebooks.NotebookError as error:
        yield Piece(path, Kind.PYTHON, text, problem=(f"is not a notebook: {error}", 0))
        return
    for number, cell in enumerate(found):
        written = notebooks.source(cell)
        if cell.get("cell_type") == "code":
            yield parsed(path, written, notebooks.as_python(written), number)
        else:
            yield Piece(path, Kind.MARKDOWN, written, number)
        for output in notebooks.text_outputs(cell):
            yield Piece(path, Kind.OUTPUT, output, number)


def parsed(path: str, text: str, code: str, cell: int | None) -> Piece:
    """A piece of Python with its tree, or with the reason why there is none."""
    if len(code) > MAX_CODE:
        return Piece(path, Kind.PYTHON, text, cell, problem=(f"is not parsed: more than {MAX_CODE // 2**20} MiB", 0))
    try:
        tree, outdated = tree_of(code)
        piece = Piece(path, Kind.PYTHON, text, cell, tree, outdated=outdated)
    except SyntaxError as error:
        problem = (f"does not parse: {error.msg}", error.lineno or 0)
        rest = None if cell is not None or GIVEN.search(path) else rest_of(code)[1]
        piece = Piece(path, Kind.PYTHON, text, cell, rest, problem)
    except (ValueError, RecursionError, MemoryError) as error:
        return Piece(path, Kind.PYTHON, text, cell, problem=(f"does not parse: {type(error).__name__}", 0))
    if piece.walk.depth > MAX_DEPTH:
        return Piece(path, Kind.PYTHON, text, cell, problem=(f"nests deeper than {MAX_DEPTH} levels", 0))
    return piece
