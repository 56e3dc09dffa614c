"""Programs that a README runs at the root of the tree, and that lie in another folder."""

import re
from pathlib import PurePosixPath
from posixpath import normpath

from audit.rules.documents.invoked import split
from audit.rules.documents.pages import is_readme
from audit.target import Piece

STARTED = (".py", ".sh")
REQUIREMENTS = re.compile(r"[\w.-]*requirements[\w.-]*\.txt")
# The README of a library speaks of its readers' own programs, not of what shows or tests it.
ASIDE = re.compile(r"(^|/)(examples?|samples?|demos?|docs?|tests?|tutorials?|templates?|recipes)/")
PACKED = "PKG-INFO"  # a distribution leaves out what lay at the root
DRAWN = re.compile("[├└│]|[|`+]--")  # a line of the picture of a tree, which leads its reader nowhere
# What has the reader go into a folder, or says that he stands in it.
GOES = (
    r"\b(?:cd|pushd|chdir|go|goes|navigate|move|change|switch|enter|open|inside|within|from|in|into|to|under|at|the"
    r"|working.?dir\w*|workspace)\b[^\n]{0,60}"
)
PLACE = r"[^\n]{0,30}\b(?:folder|director(?:y|ies)|dir)\b"


def misplaced(path: str, command: str, folder: str, piece: Piece, files: frozenset[str]) -> str:
    """Where the only file lies that a command of the README must mean, and does not name; "" where nobody can tell."""
    if "/" in piece.path or not is_readme(piece.path) or PACKED in files or not is_first(path, command):
        return ""
    if {normpath(path), normpath(f"{folder}/{path}")} & files:
        return ""
    others = [other for other in files if other.endswith(f"/{path}")]
    if len(others) != 1 or ASIDE.search(others[0]) or piece.text.count("git clone") > 1:
        return ""
    if leads(piece, command, others[0].removesuffix(f"/{path}")):
        return ""
    return others[0]


def is_first(path: str, command: str) -> bool:
    """Whether a command starts a program by this path, or installs this list of requirements."""
    words = [word.removeprefix("./") for word in split(command)]
    if REQUIREMENTS.fullmatch(path):
        return path in words and words[0].startswith(("pip", "python", "uv"))
    started = [word for word in words if word.endswith(STARTED)]
    return started[:1] == [path] and words[0] != "run"


def leads(piece: Piece, command: str, folder: str) -> bool:
    """Whether a heading, a `cd` or a sentence of the document has the reader go into a folder, or one on the way."""
    told = [line for line in piece.lines if not DRAWN.search(line) and command.strip() not in line]
    for part in PurePosixPath(folder).parts:
        spelt = "[-_ ]?".join(map(re.escape, re.split("[-_]", part)))
        name = rf"(?<![a-z0-9]){spelt}(?![a-z0-9])"
        near = "\n".join(line for line in told if re.search(name, line, re.I))
        if near and re.search(rf"^#+ .*{name}|{GOES}{name}|{name}{PLACE}", near, re.I | re.M):
            return True
    return False
