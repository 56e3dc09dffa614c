"""Links and images of a document that lead to a file of the tree which is not there."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import dirname, lexists, normpath
from urllib.parse import unquote

from audit.patterns import Pattern
from audit.rules.documents.figures import prose
from audit.rules.documents.needed import has_hidden
from audit.rules.documents.pages import is_readme
from audit.rules.requirements import normal, own_names
from audit.rules.submodules import submodules
from audit.target import Piece, Target

INLINE = re.compile(r"\]\(\s*(?:<([^<>]{1,300})>|((?:[^()\s<>]|\([^()\s]*\)){1,300}))(?:\s+[\"'(][^)]*)?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[(?!\^)[^\]]{1,200}\]:\s*<?([^\s<>]{1,300})>?(?:\s+[\"'(].*)?\s*$")
ATTRIBUTE = re.compile(
    r"(?<![\w-])(?:src|href)\s*=\s*(?:\"([^\"]{1,300})\"|'([^']{1,300})')"
    r"|<(?:img|a|source|video)\s[^<>]{0,200}?(?<![\w-])(?:src|href)=([^\s\"'<>]{1,300})",
    re.I,
)
IN_REST = (
    re.compile(r"^\s*\.\. (?:\|[^|]+\| )?(?:image|figure|include|literalinclude):: +(\S+)\s*$"),
    re.compile(r"`[^`<>]+<([^`<>\s]{1,300})>`__?"),
    re.compile(r"^\s*\.\. _[^:]+: +(\S+)\s*$"),
)
SPAN = re.compile(r"(?<!`)`{1,2}[^`]+`{1,2}(?!`)")
UNSEEN = re.compile(r"<!--.*?-->|\$\$?[^$]*\$\$?")  # comments, formulas
# What is no path in the tree: addresses, anchors, templates, and what stands for a path that the reader knows.
NO_PATH = re.compile(
    r"^[\w+.-]+:|^//|^[#~<]|[{}$*|\\<>@\[\]%]|\.\.\.|path/to|your[_-]|^(?:link|url|image|file)s?\d*(?:\.\w+)?$"
    r"|(?:^|[/_-])(?:my|some|foo|example)[_.-]|\bxx|^TODO|^attachment",
    re.I,
)
# Pages of the host beside the files, and what a build of the documentation or the program makes.
OF_HOST = re.compile(
    r"^(?:\./|\.\./)*(?:(?:wiki|blob|tree|raw|edit|-)(?:/|$)"
    r"|(?:issues?|pulls?|actions|releases?|commits?|compare|discussions|projects|graphs|stargazers|network|workflows"
    r"|security|labels|milestones|forks|packages|badges|archive)(?:/(?!.*\.\w+$)|$))"
)
BUILT = re.compile(
    r"(?:^|/)(?:_build|_images|_site|_modules|_sources|_downloads|_?auto(?:api|doc|summary|_examples)|generated|gallery"
    r"|build|dist|site|public|htmlcov|node_modules)/"
)
# A path tells what it is by its ending, its folder, or by a name that every repository has.
FILE = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
KNOWN = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE|CITATION|AUTHORS|CONTRIBUTING|Makefile|Dockerfile)\w*")
PAGES = (".html", ".htm", ".php")  # which a site makes out of others
HOST = re.compile(r"^(?:[\w-]+\.)+(?:com|org|net|io|ai|edu|gov|de|dev|app|co|ly|me)(?:[/:]|$)", re.I)  # no scheme
# A file or folder of the main branch, as the host of a repository shows it: owner, repository and path.
AT_HOST = re.compile(
    r"https?://(?:(?:www\.)?github|raw\.githubusercontent)\.com/([\w.-]+)/([\w.-]+)/"
    r"(?:(?:blob|tree|raw)/)?(?:main|master)/(.+)"
)
MARKS = ("](", "]:", "src", "href", "SRC", "HREF", "::", ">`", ".. _")  # without one of these a line leads nowhere
MOST = 100  # paths of one document
MOST_IGNORED = 1000  # lines of a list of what git is to pass by


def broken(piece: Piece, target: Target, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, path) of what a document leads to and the tree does not have, each path once.

    A README is read where it lies, at the host of the repository. Pages of the documentation may be built from another
    folder, with others that a program writes: there only what is missing beside others of its kind is known to be
    missing, and likewise in a distribution (with a PKG-INFO, or no README at its root), which leaves folders out.
    """
    readme = is_readme(piece.path)
    seen: set[str] = set()
    for number, address in links(piece):
        link = of_host(address, piece, target) if readme and "/" not in piece.path else address
        path = plain(link)
        if path in seen or not is_path(path, readme) or len(seen) == MOST:
            continue
        seen.add(path)
        place = normpath(path if link[:1] == "/" else f"{dirname(piece.path)}/{path}".strip("/"))
        if place.startswith("..") or is_held(place, target) or is_elsewhere(place, target):
            continue
        if place.startswith(".") and not has_hidden(files):
            continue
        if "/" in piece.path and any(is_held(other, target) for other in above(piece.path, path)):
            continue
        if not (readme and is_whole(piece, files)) and not has_alike(place, files):
            continue
        yield number, path


def links(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, address) of every link and image of a document, outside code."""
    rest = piece.path.lower().endswith(".rst")
    for number, line in prose(piece):
        if not any(mark in line for mark in MARKS):
            continue
        shown = line if rest else UNSEEN.sub(" ", SPAN.sub("`", line))
        for pattern in IN_REST if rest else (INLINE, REFERENCE, ATTRIBUTE):
            for match in pattern.finditer(shown):
                yield number, next(group for group in match.groups() if group)


def of_host(address: str, piece: Piece, target: Target) -> str:
    """The path of a file that is shown on the main branch of this repository at its host; else the address.

    It is this one where it has the name of the project, and its owner stands in what packs it or is cloned from.
    """
    match = AT_HOST.match(address)
    if not match or normal(match[2]) not in called(target):
        return address
    cloned = (line for line in piece.lines if "git clone" in line)
    told = "\n".join((*packed(target), *cloned)).lower()
    return f"/{match[3]}" if f"/{match[1]}/".lower() in told.replace(":", "/") else address


def packed(target: Target) -> list[str]:
    """What the files say that make a distribution of the tree."""
    return [piece.text for piece in target.pieces if piece.path in ("setup.py", "setup.cfg", "pyproject.toml")]


def called(target: Target) -> frozenset[str]:
    """The names of the project: its folder, and what it is installed as."""
    if "called" not in target.derived:
        target.derived["called"] = frozenset((normal(target.root.resolve().name), *own_names(target)))
    known: frozenset[str] = target.derived["called"]
    return known


def plain(link: str) -> str:
    """The path of a link, without what stands behind it for the reader's program."""
    return unquote(link).partition("#")[0].partition("?")[0].strip().lstrip("/").removeprefix("./")


def is_path(path: str, readme: bool) -> bool:
    """Whether a link may mean nothing but a file or folder of the tree."""
    if NO_PATH.search(path) or OF_HOST.search(path) or BUILT.search(path) or HOST.search(path) or len(path) < 3:
        return False
    named = FILE.search(path) is not None and not (path.endswith(PAGES) and not (readme and "/" in path))
    return named or (readme and ("/" in path.strip("/") or path.endswith("/") or KNOWN.fullmatch(path) is not None))


def is_whole(piece: Piece, files: frozenset[str]) -> bool:
    """Whether a document lies in a repository, and not in what a distribution took of one."""
    beside = (normpath(f"{folder}/PKG-INFO") for folder in PurePosixPath(piece.path).parents)
    return files.isdisjoint(beside) and any("/" not in path and is_readme(path) for path in files)


def is_held(place: str, target: Target) -> bool:
    """Whether the tree has a file or a folder of this path."""
    if "places" not in target.derived:
        folders = (str(folder) for path in target.files for folder in PurePosixPath(path).parents)
        target.derived["places"] = frozenset((*target.files, *folders))
    return place in target.derived["places"]


def is_elsewhere(place: str, target: Target) -> bool:
    """Whether the file is there and left out of the audit, or a submodule, DVC or git's list of ignored names it."""
    if lexists(target.root / place):
        return True
    holders = [place, *map(str, PurePosixPath(place).parents)][:-1]
    if any(f"{holder}.dvc" in target.files for holder in holders):
        return True
    if not set(submodules(target)).isdisjoint(holders):
        return True
    for piece in target.pieces:
        if piece.path.endswith(("dvc.yaml", "dvc.lock")) and place in piece.text:
            return True
        if piece.path == ".gitignore" and is_ignored(place, piece.lines):
            return True
    return False


def is_ignored(place: str, lines: list[str]) -> bool:
    """Whether git passes a path by: the last line that means it, or a folder above it, decides."""
    ignored = False
    for line in lines[:MOST_IGNORED]:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        kept, pattern = text.startswith("!"), text.removeprefix("!")
        anchored = "/" in pattern.rstrip("/")
        if Pattern(pattern.strip("/") if anchored else f"**/{pattern.rstrip('/')}").matches(place):
            ignored = not kept
    return ignored


def above(document: str, path: str) -> Iterator[str]:
    """Where a document that was moved, or is built from above, may mean a path to lie."""
    stripped = re.sub(r"^(?:\.\./)+", "", path)
    folder = dirname(document)
    while folder:
        yield normpath(f"{folder}/{stripped}")
        folder = dirname(folder)
    yield normpath(stripped)


def has_alike(place: str, files: frozenset[str]) -> bool:
    """Whether the folder of a path, and not the root of the tree, holds other files of its kind."""
    folder, ending = dirname(place), place[place.rfind(".") :]
    return bool(folder) and any(dirname(other) == folder and other.endswith(ending) for other in files)
