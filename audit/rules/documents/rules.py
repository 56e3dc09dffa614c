"""What a document tells its reader to run or to open, and whether it is there; badges and figures without a source."""

import re
from collections.abc import Iterator
from itertools import accumulate, groupby, islice
from pathlib import PurePosixPath
from posixpath import normpath

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH
from audit.rules.documents.badges import called_in, unbacked
from audit.rules.documents.drawn import absent
from audit.rules.documents.figures import unsourced
from audit.rules.documents.invoked import RECORDED, in_tree, named_files
from audit.rules.documents.links import broken
from audit.rules.documents.mentioned import mentioned
from audit.rules.documents.misplaced import misplaced
from audit.rules.documents.needed import implied, makefiles_of, uncopied, unmade
from audit.rules.documents.pages import clones, has_programs, is_guide, is_page, is_readme, runs_tree
from audit.rules.documents.shell import FENCE, alike, shell_lines
from audit.rules.family import Family, rule
from audit.target import Kind, Piece, Target

COMMAND = rule(
    "documents.command",
    title="A command that needs a file or target which is not there",
    why="The first thing a reader does fails.",
    fix="Correct the path, or add the file.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
BADGE = rule(
    "documents.badge",
    title="A badge with nothing behind it",
    why="It shows the same whatever the tests and measurements say.",
    fix="Link it to the run, report or workflow it comes from, or remove it.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

NUMBER = rule(
    "documents.number",
    title="A result that stands in no file of results",
    why="Nobody can tell which run it comes from, or whether the code still reaches it.",
    fix="Commit what the run printed or wrote, and link to it; name the paper where it is somebody else's.",
    severity=Severity.MINOR,
    confidence=Confidence.LOW,
)

LINK = rule(
    "documents.link",
    title="A link or image that leads to a file which is not there",
    why="The reader gets an error in place of the page or the figure.",
    fix="Correct the path, add the file, or take the link out.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

DRAWN = rule(
    "documents.tree",
    title="A file that the picture of the tree shows and that is not there",
    why="The reader looks for it, and cannot tell whether it was forgotten or never written.",
    fix="Add the file, or take its line out of the picture.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

PLACEHOLDER = re.compile(
    r"[<>{}$*?\[\]]|\.\.\.|path/to|your|/abs(?:olute)?/|^[~/]|(?-i:^[A-Z_]+$)|^[A-Za-z]:|example\.|^xx|xyz|://"
    r"|(?:^|[/_-])(?:my|some|specific|foo)[_.-]"
    r"|(?:^|/)\.?\w*env\w*/(?:bin|scripts)/",  # what a virtual environment brings
    re.I,
)
# What stands before the name of a file that the reader is to make or fetch.
MAKES = (
    r"(?:\b(?:wget|curl|clone|touch|cp|mv|tee|echo|cat|tar|unzip|ln|gdown|accelerate config)\b.*|\s>{1,2}\s*\S*"
    r"|\b(?:creat|sav|call|writ|nam|put|new|cop|download|renam|get|obtain|fetch)\w*\b(?:[^.]|\.\w){0,40})"
)
# What stands after the name of a file whose contents the reader is told.
TOLD = r"`? (?:file )?(?:should|must|looks? like|is an? (?:\w+ ){0,3}file (?:that|which|with))"
# What follows is an example, or a file that a program of the project writes.
OF_READER = re.compile(
    r"\byour (?:own )?(?:\w+ )?(?:(?:script|program|code)s?|file)\b"
    r"|\bgenerated (?:\w+ ){0,4}(?:helper|file|script|template)",
    re.I,
)
# Shown whole: the reader saves it under some name.
PROGRAM = re.compile(r"if __name__ == ['\"]__main__['\"]:|\w+ = (?:FastAPI|Flask|Starlette|Quart|Sanic|Celery)\(")
# What a sentence says of a command that is there no more, and of one that runs in the tree of somebody else.
GONE = re.compile(
    r"\b(?:was|were|is|are|been|got) (?:now |since )?(?:removed|moved|renamed|replaced|deprecated|dropped|deleted)\b"
    r"|\bno longer\b|\bused to be\b|\bformerly\b",
    re.I,
)
OTHER = re.compile(
    r"\b(?i:in|inside|from|of) (?:the )?(?:official |original )?"
    r"(?:`?([A-Z]\w{3,})`?|\[`?([\w.-]+)`?\]\(https?://[^()\s]*\))(?:'s)? "
    r"(?:repo(?:sitory)?|project|codebase|root)\b"
)
PROGRAMS = (".py", ".sh", ".bash")
MOVES = re.compile(r"git clone |^\s*[!%]?cd\b|chdir\(", re.M)  # a notebook that does not stay in the tree
HANDED = re.compile(r"^\s*(?:!|%(?=run\b))\s*(\S.*)", re.M)
MOST = 200  # files that one document may name; a longer list is no instruction
LONGEST = 2000  # characters of a line; a longer one is no sentence
LISTED = re.compile(r"\s*(?:[-*+|>]|\d+[.)])")
OF_WHEEL = re.compile(r"-\d[\w.]*\.(?:data|dist-info)/")  # what an unpacked wheel took of a tree that it left behind
TEMPLATE = re.compile(r"\{\{|(?:^|/)(?:[\w-]*templates?|skeletons?|scaffold\w*)/", re.I)  # documents of others' trees
SHOWN = 5  # figures, or lines, in one message
BLOCKS = 6  # of one document


def find(target: Target) -> Iterator[Finding]:
    """Commands, badges and results of the documents that speak of the tree."""
    files = frozenset(target.files)
    texts = [piece for piece in target.pieces if piece.kind in (Kind.MARKDOWN, Kind.TEXT) and piece.cell is None]
    texts = [piece for piece in texts if not OF_WHEEL.search(piece.path)]
    shown = [piece for piece in texts if is_guide(piece.path) or is_page(piece.path)]
    told = {piece.path: list(shell_lines(piece, files, named(piece, target))) for piece in shown}
    made = any(line.startswith("make ") for lines in told.values() for _, line, _ in lines)
    makefiles = makefiles_of(target) if made else {}
    called = called_in(target) if shown else frozenset()
    at_hand = any("/" not in path and is_readme(path) and runs_tree(told[path], files, makefiles) for path in told)
    for piece in shown:
        lines, guide = told[piece.path], is_guide(piece.path)
        binding = guide or at_hand or runs_tree(lines, files, makefiles) or clones(piece, target.root.resolve().name)
        told_of = list(commands(piece, lines, files, named(piece, target), 0 if guide else 1 if binding else 2))
        if binding:
            told_of += needs(piece, lines, files, makefiles)
        if is_readme(piece.path):
            told_of += badges(piece, target, called)
            told_of += spoken_of(piece, files, told_of, named(piece, target))
        yield from told_of
        yield from leading_nowhere(piece, target, files, told_of)
        for line, message in absent(piece, target, files):
            yield found(DRAWN, piece.at(line), message, piece.line(line)[:120])
        yield from numbers(piece, target)
    yield from cells(target, files)


def cells(target: Target, files: frozenset[str]) -> Iterator[Finding]:
    """Commands in notebooks: those that their sentences show, and those that a cell hands to the shell."""
    inside = [piece for piece in target.pieces if piece.cell is not None]
    for piece in inside:
        lines: list[tuple[int, str, str]] = []
        if piece.kind is Kind.MARKDOWN:
            lines = list(shell_lines(piece, files, named(piece, target)))
        elif piece.kind is Kind.PYTHON and ("!" in piece.text or "%" in piece.text) and HANDED.search(piece.text):
            given = [(number, HANDED.match(line)) for number, line in enumerate(piece.lines, start=1)]
            lines = [(number, match.group(1).replace("../", ""), ".") for number, match in given if match]
        if piece.kind is Kind.MARKDOWN:
            yield from unshown(piece, target, files, inside)
        missing = list(commands(piece, lines, files, named(piece, target), 2)) if lines else []
        if missing and not any(other.path == piece.path and MOVES.search(other.text) for other in inside):
            yield from missing


def named(piece: Piece, target: Target) -> str:
    """What the project is called: its folder, and the title of the document."""
    return f"{target.root.resolve().name}\n{next((line for line in piece.lines if line.startswith('# ')), '')}"


def commands(
    piece: Piece, lines: list[tuple[int, str, str]], files: frozenset[str], project: str, doubt: int
) -> Iterator[Finding]:
    """Each file once a document.

    Args:
        doubt: 0 for a document that speaks of the tree; 1 for one that may also run what its reader wrote at the root;
            2 for one of which only what it names in folders and packages of the tree is known to be there.
    """
    seen: set[tuple[str, str]] = set()
    reported: dict[str, list[tuple[int, str]]] = {}  # path -> the commands that name it
    told: dict[str, str] = {}
    above = prose_above(piece) if lines else []
    for number, line, folder in lines:
        for path in in_tree(line, files) if doubt == 2 else named_files(line, files):
            clean = path.removeprefix("./").replace("\\", "/")
            if clean in reported:
                if not is_spared(piece, number, above, project):
                    reported[clean].append((number, line.strip()))
                continue
            if (clean, folder) in seen or PLACEHOLDER.search(clean):
                continue
            if len(seen) == MOST:
                break
            seen.add((clean, folder))
            there = "" if doubt else misplaced(clean, line, folder, piece, files)
            if not there and (is_there(clean, folder, piece, files) or is_in_clone(clean, files, project)):
                continue
            if doubt and "/" not in clean and clean.endswith(PROGRAMS) and not has_programs("", files):
                continue
            if not is_spared(piece, number, above, project) and not is_made(piece, number, clean):
                reported[clean] = [(number, line.strip())]
                told[clean] = f"`{clean}` is not {f'where this runs: it lies at `{there}`' if there else 'in the tree'}"
                if clean.endswith(PROGRAMS):
                    break  # nobody knows what it would have read
    for clean, [(number, line), *others] in reported.items():
        again = list(dict.fromkeys(str(other) for other, _ in others if other != number))
        more = f", again in line {', '.join(again[:SHOWN])}{' …' if len(again) > SHOWN else ''}" if again else ""
        yield found(COMMAND, piece.at(number), f"{told[clean]}{more}", line[:120])


def needs(
    piece: Piece, lines: list[tuple[int, str, str]], files: frozenset[str], makefiles: dict[str, str]
) -> Iterator[Finding]:
    """What commands need and do not name as a file, each once a document."""
    reported: dict[str, tuple[int, str]] = {}
    for number, line, folder in lines:
        name, goal = implied(line, files), unmade(line, folder, makefiles)
        if name and not is_made(piece, number, name) and not (line.startswith("flask") and "FLASK_APP" in piece.text):
            reported.setdefault(f"`{name}` is not in the tree", (number, line))
        elif goal:
            reported.setdefault(f"`{goal}` is no target of the Makefile", (number, line))
    for number, line in enumerate(piece.lines, start=1):
        for name in uncopied(line, files) if len(line) <= LONGEST else ():
            reported.setdefault(f"`{name}` is not in the tree", (number, line))
    for message, (number, line) in reported.items():
        yield found(COMMAND, piece.at(number), message, line.strip()[:120])


def prose_above(piece: Piece) -> list[str]:
    """For each line the last line of text above it, or above the fence it stands in."""
    above: list[str] = []
    last = outside = ""
    fenced = False
    for line in piece.lines:
        above.append(outside if fenced else last)
        if FENCE.match(line):
            fenced = not fenced
            outside = last
        elif line.strip():
            last = line
    return above


def sentence_before(above: list[str], number: int) -> str:
    """The last sentence of the prose above a command, or above the fence it stands in."""
    return re.split(r"[.!?]\s+(?=[A-Z])", above[number - 1])[-1]


def is_spared(piece: Piece, number: int, above: list[str], project: str) -> bool:
    """Whether a document says of a command that it is an example, there no more, or of another repository."""
    example = OF_READER.search(sentence_before(above, number)) or GONE.search(piece.line(number))
    return example is not None or is_of_other(piece, number, above, project)


def is_of_other(piece: Piece, number: int, above: list[str], project: str) -> bool:
    """Whether the line of a command, or the sentence before it, says that it runs in another repository."""
    said = (match for line in (piece.line(number), sentence_before(above, number)) for match in OTHER.finditer(line))
    return any(not alike(match[1] or match[2], project) for match in said)


def is_there(path: str, folder: str, piece: Piece, files: frozenset[str]) -> bool:
    """Whether a file of this path lies in the folder, beside the document, or in any folder one may have gone into."""
    beside = str(PurePosixPath(piece.path).parent)
    places = {normpath(f"{base}/{path}") for base in (folder, beside, ".")}
    return bool(places & files) or any(other.endswith(f"/{path}") for other in files)


def is_in_clone(path: str, files: frozenset[str], project: str) -> bool:
    """Whether a path begins with the folder into which the project is cloned, and its rest is in the tree."""
    folder, _, rest = path.partition("/")
    inside = rest in files and not any(other.startswith(f"{folder}/") for other in files)
    return inside and alike(folder, project)


def is_made(piece: Piece, number: int, path: str) -> bool:
    """Whether the document has the reader make or fetch the file."""
    plain = PurePosixPath(path).name.lower()
    name = re.escape(PurePosixPath(path).name)
    for other, line in enumerate(piece.lines, start=1):
        if len(line) > LONGEST:
            continue
        if other < number and PROGRAM.match(line) and path.endswith(".py") and "/" not in path:
            return True
        if plain not in line.lower():
            continue
        named = name if other != number else f"`{name}`"
        if re.search(f"{MAKES}{named}|{name}{TOLD}", line, re.I):
            return True
        if other < number and re.match(rf"^\s*(?:#|//)\s*\S*{name}\s*$", line):
            return True
        if other < number and path.endswith(RECORDED):  # `convert a.jpg imgs/small.jpg`, and then the command
            return True
    return False


def badges(piece: Piece, target: Target, called: frozenset[str]) -> Iterator[Finding]:
    """Badges with a figure that lead nowhere, and those of workflows and services that the tree does not have."""
    for number, message in unbacked(piece, target, called):
        yield found(BADGE, piece.at(number), message, piece.line(number)[:120])


def spoken_of(piece: Piece, files: frozenset[str], told: list[Finding], project: str) -> Iterator[Finding]:
    """Files that sentences name as a part of the tree, each once, and of which nothing was told yet."""
    known = {finding.message.split("`")[1] for finding in told if "`" in finding.message}
    above = prose_above(piece)
    for number, path in mentioned(piece, files):
        gone = GONE.search(piece.line(number)) or PLACEHOLDER.search(path) or is_of_other(piece, number, above, project)
        if (
            path not in known
            and not gone
            and not is_there(path, ".", piece, files)
            and not is_made(piece, number, path)
        ):
            known.add(path)
            yield found(COMMAND, piece.at(number), f"`{path}` is not in the tree", piece.line(number).strip()[:120])


def leading_nowhere(piece: Piece, target: Target, files: frozenset[str], told: list[Finding]) -> Iterator[Finding]:
    """Links to what is not there, of which nothing was told that the reader makes it, nor that it is not there."""
    if FOREIGN_PATH.search(piece.path) or TEMPLATE.search(piece.path):
        return
    known = [finding.message for finding in told]
    for number, path in broken(piece, target, files):
        if not is_made(piece, number, path) and not any(f"`{path}`" in message for message in known):
            yield found(LINK, piece.at(number), f"`{path}` is not in the tree", piece.line(number)[:120])


def unshown(piece: Piece, target: Target, files: frozenset[str], inside: list[Piece]) -> Iterator[Finding]:
    """Links and images of a notebook's sentences, but for files that one of its cells names and may write."""
    for finding in leading_nowhere(piece, target, files, []):
        name = finding.message.split("`")[1].rpartition("/")[2]
        if not any(other.path == piece.path and other.kind is Kind.PYTHON and name in other.text for other in inside):
            yield finding


def numbers(piece: Piece, target: Target) -> Iterator[Finding]:
    """One finding for each list, table or lines of sentences, at its first figure; of a document for the first few."""
    ends = list(accumulate(not line or (line.endswith(".") and not LISTED.match(line)) for line in piece.lines))
    blocks = groupby(unsourced(piece, target), lambda item: ends[item[0] - 2] if item[0] > 1 else 0)
    for _, block in islice(blocks, BLOCKS):
        figures = list(block)
        line = figures[0][0]
        listed = ", ".join(figure for _, figure in figures[:SHOWN]) + (" …" if len(figures) > SHOWN else "")
        yield found(NUMBER, piece.at(line), f"{listed}: in no other file of the tree", piece.line(line)[:120])


FAMILY = Family("documents", "Documents say what is so", (COMMAND, BADGE, LINK, DRAWN, NUMBER), find, reads_text=True)
