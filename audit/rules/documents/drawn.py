"""Files that a README draws in the picture of the project's tree, and that are not there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import normpath

from audit.rules.documents.links import is_elsewhere, is_held
from audit.rules.documents.pages import is_readme
from audit.target import Piece, Target

# `│   ├── train.py   # trains`, also in plain characters.
BRANCH = re.compile(r"(?P<lead>[\s│|]*)(?P<branch>[├└][─━]*|[|`+]-{2,})\s*(?P<name>\S+)(?P<rest>.*)$")
NAME = re.compile(r"[\w.+-]+/?")
MANY = "*"  # an entry that is no name: `*.csv`, `{train,test}.py`, `a.py, b.py`
# A line between two branches, and one that goes on with what was said beside the last.
GAP = re.compile(r"\s*$|\s*[│|]|\s*[#(]")
# What stands above a picture: the root of the project, or one of its folders.
ROOT = re.compile(r"[\s`]*(?:\./)?([\w.-]+(?:/[\w.-]+)*)/?\s*(?:#.*)?$")
# What lies in a repository, and is not made by its programs, brought by its users, or left out on purpose.
WRITTEN = re.compile(
    r"(?:^|/)(?:[^/]+\.(?:py|ipynb|sh|ya?ml|toml|cfg|md)"
    r"|Dockerfile|Makefile|LICENSE|[\w-]*requirements[\w-]*\.txt)$"
)
SPARED = re.compile(
    r"\b(?:generat|creat|ignor|download|untracked|optional|planned|coming|later|todo|will\b|yours?\b|example"
    r"|add(?:ed)?\b|auto|output|wip|soon|future|private|not (?:in|tracked|included|committed)|git-?ignored|local)",
    re.I,
)
FEW = 3  # drawn files; fewer are no picture of this tree
MOST = 400  # entries of one picture
LONGEST = 300  # characters of a line
SHOWN = 20  # findings of one document


@dataclass(frozen=True)
class Drawn:
    """One entry of a picture: its path below the root of the picture, its line, and what is said beside it."""

    path: str
    line: int
    said: str


def absent(piece: Piece, target: Target, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, message) of each file that a README at the root draws where the tree has none.

    A picture is one of this tree where at least half of the programs and settings in it are there. Of data, weights and
    results nothing is said, nor of what is told to be made, brought or ignored.
    """
    if "/" in piece.path or not is_readme(piece.path) or "PKG-INFO" in files:
        return
    told = 0
    for root, drawn in pictures(piece):
        below = [replace(entry, path=f"{root}/{entry.path}") for entry in drawn] if root else drawn
        picture = max((drawn, below), key=lambda entries: sum(is_held(entry.path, target) for entry in entries))
        parents = {entry.path.rpartition("/")[0] for entry in picture}
        written = [entry for entry in picture if entry.path not in parents and WRITTEN.search(entry.path)]
        missing = [entry for entry in written if not is_held(entry.path, target)]
        if len(written) - len(missing) < max(FEW, len(missing)):
            continue
        spelt = {path.lower() for path in files}
        for entry in missing:
            left = SPARED.search(entry.said) or entry.path.lower() in spelt or is_elsewhere(entry.path, target)
            if left or told == SHOWN:
                continue
            name = entry.path.rpartition("/")[2]
            others = [path for path in files if path.endswith(f"/{name}") or path == name]
            where = f": it lies at `{others[0]}`" if len(others) == 1 else ""
            told += 1
            yield entry.line, f"`{entry.path}` is drawn here, and is not in the tree{where}"


def pictures(piece: Piece) -> Iterator[tuple[str, list[Drawn]]]:
    """The pictures of trees in a document: the folder that each is headed by, its entries from top to bottom."""
    root = ""
    entries: list[Drawn] = []
    open_folders: list[tuple[int, str]] = []  # (column of the branch, name) of the folders around the next entry
    for number, line in enumerate(piece.lines, start=1):
        match = BRANCH.match(line) if len(line) < LONGEST else None
        if match:
            column = len(match["lead"])
            while open_folders and open_folders[-1][0] >= column:
                open_folders.pop()
            name = match["name"].rstrip("/") if NAME.fullmatch(match["name"]) else MANY
            path = normpath("/".join((*(folder for _, folder in open_folders), name)))
            if MANY not in path:
                entries.append(Drawn(path, number, match["rest"]))
            open_folders.append((column, name))
        elif not GAP.match(line):
            if entries:
                yield root, entries[:MOST]
            entries, open_folders = [], []
            head = ROOT.match(line) if len(line) < LONGEST else None
            root = head[1] if head else ""
    if entries:
        yield root, entries[:MOST]
