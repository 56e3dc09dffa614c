"""Which documents of a tree speak of the tree itself, and not of what their reader writes."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from posixpath import normpath

from audit.rules.documents.invoked import named_files
from audit.rules.documents.needed import MAKE, unmade
from audit.rules.documents.shell import alike
from audit.target import Piece

README = re.compile(
    r"(^|/)(?:README|LISEZ.?MOI|LIESMICH|LEIA.?ME|INSTALL|USAGE|GETTING.?STARTED|QUICK.?START|CONTRIBUTING|MODEL.?CARD)"
    r"(?:[._-][^/]*)?$",
    re.I,
)
# Pages on one part of the work, of which the commands are looked at.
GUIDE = re.compile(r"(^|/)(?:TRAIN(?:ING)?|REPRODUC\w*|RUNNING|DATA(?:SETS?)?|EVALUATION|SETUP)(?:[._-][^/]*)?$", re.I)
PROSE = ("", ".md", ".rst", ".txt", ".markdown")
# Pages of the documentation; those on the past or the future say nothing of the tree.
PAGE = re.compile(r"(?:^|/docs?/|^docs?/)[^/]*(?:/[^/]*){0,2}\.(?:md|rst)$", re.I)
NOT_NOW = re.compile(
    r"(?<![a-z])(?:histor|chang|migrat|releases?\b|news\b|blog|roadmap|plan(?:s|ned|ning)?\b|design|proposals?\b"
    r"|archive|legacy|old\b|deprec|upgrad|todo)",
    re.I,
)
RUN = (".py", ".sh", ".bash", ".ipynb", ".R", ".jl", ".slurm", ".sbatch")
CLONED = re.compile(r"git clone (?:-\S+ )*\S*/([\w.-]+?)(?:\.git)?\s*$", re.M)
INSTALLED = re.compile(
    r"pip3? install (?:-\w+ )*(?:-e |--editable )?['\"]?\.(?:\[[\w,-]+\])?['\"]?\s*$|poetry install", re.M
)
PACKAGING = ("setup.py", "conftest.py")


def is_readme(path: str) -> bool:
    """Whether a document says what the project is and how to begin."""
    return PurePosixPath(path).suffix.lower() in PROSE and README.search(path) is not None


def is_guide(path: str) -> bool:
    """Whether a document, by its name, tells the reader how the work of this tree is done."""
    return is_readme(path) or (PurePosixPath(path).suffix.lower() in PROSE and GUIDE.search(path) is not None)


def is_page(path: str) -> bool:
    """Whether a document is a page of the documentation on what the tree is now."""
    return PAGE.search(path) is not None and NOT_NOW.search(path) is None


def runs_tree(lines: Iterable[tuple[int, str, str]], files: frozenset[str], makefiles: dict[str, str]) -> bool:
    """Whether one of the commands (line, command, folder) runs a program of the tree or makes a target of it.

    Who reads such a document has the tree before him, so that its other commands speak of it too; the pages of a
    library that is installed speak of programs that their reader writes.
    """
    for _, command, folder in lines:
        if MAKE.match(command) and makefiles and not unmade(command, folder, makefiles):
            return True
        for path in named_files(command, files):
            if path.endswith(RUN) and not path.endswith(PACKAGING) and normpath(f"{folder}/{path}") in files:
                return True
    return False


def clones(piece: Piece, name: str) -> bool:
    """Whether a document has its reader clone the repository of this name, or install from where he stands."""
    return any(alike(cloned, name) for cloned in CLONED.findall(piece.text)) or INSTALLED.search(piece.text) is not None


def has_programs(folder: str, files: frozenset[str]) -> bool:
    """Whether programs lie in a folder ("" for the root of the tree), other than those that pack or configure it."""
    start = f"{folder}/" if folder else ""
    inside = (path[len(start) :] for path in files if path.startswith(start))
    return any("/" not in path and path.endswith(RUN) and path not in PACKAGING for path in inside)
