"""Suppressions written beside what they suppress, in comments of code, configuration and documents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from audit.model import Location
from audit.rules.code import comments
from audit.target import MAX_BYTES, Kind, Piece, Target, read

MARKER = re.compile(rb":(?<=audit:)[ \t]*ignore", re.I)  # a sign first that is looked for ten times as fast as a letter
NAMED = r"audit:[ \t]*ignore(?:\s*\[(?P<rules>[^\]]*)\])?"
COMMENT = re.compile(rf"(?:^|\s)(?:#+|//|;|<!--)\s*{NAMED}(?P<rest>.*)", re.I)
IN_DOCUMENT = re.compile(rf"<!--\s*{NAMED}(?P<rest>.*?)-->", re.I)
FENCE = re.compile(r"^\s*(```|~~~)")
UNTIL = re.compile(r"\(?\buntil (\S+?)\)?\s*$")
WITHOUT_COMMENTS = (".json", ".csv", ".tsv", ".svg", ".lock")


@dataclass(frozen=True)
class Suppression:
    """Findings that somebody decided to leave, and why.

    Attributes:
        rules: ids of rules or families.
        reason: "" when none is given: then it suppresses nothing.
        until: the last day on which it holds; None for ever.
        location: where it is written; of a table's entry, pyproject.toml.
        path: pattern of the files it speaks of.
        lines: those it covers; None for the whole file or cell.
        problem: what is wrong with the way it is written.
    """

    rules: tuple[str, ...]
    reason: str
    until: date | None
    location: Location
    path: str
    lines: tuple[int, ...] | None = None
    problem: str = ""


def written(target: Target) -> Iterator[Suppression]:
    """All suppressions in the files of a tree. Only files that hold the marker are parsed."""
    for path in target.files:
        try:
            with (target.root / path).open("rb") as file:
                marked = MARKER.search(file.read(MAX_BYTES)) is not None
        except OSError:
            continue  # the family of syntax reports what cannot be read
        if marked:
            for piece in read(target.root, path):
                yield from of_piece(piece)


def of_piece(piece: Piece) -> Iterator[Suppression]:
    """The suppressions of one file or cell; what code prints suppresses nothing."""
    if piece.kind is Kind.PYTHON and piece.tree is not None:
        for line, column, text in comments(piece):
            alone = not piece.lines[line - 1][:column].strip()
            match = COMMENT.search(text)
            if match:
                yield suppression(piece, line, match, alone)
    elif piece.kind is Kind.MARKDOWN:
        fenced = False
        for line, text in enumerate(piece.lines, start=1):
            fenced ^= bool(FENCE.match(text))
            for match in () if fenced else IN_DOCUMENT.finditer(text):
                yield suppression(piece, line, match, text.strip() == match.group().strip())
    elif piece.kind is Kind.TEXT and not piece.path.endswith(WITHOUT_COMMENTS):
        for line, text in enumerate(piece.lines, start=1):
            match = COMMENT.search(text)
            if match:
                yield suppression(piece, line, match, not text[: match.start()].strip())


def suppression(piece: Piece, line: int, match: re.Match[str], alone: bool) -> Suppression:
    """One comment, understood. Alone on its line it speaks of the next one, at the top of a cell of the whole cell."""
    rules = tuple(name.strip() for name in (match["rules"] or "").split(",") if name.strip())
    rest = match["rest"].removesuffix("-->").strip().lstrip(":-–— ")
    until, problem = None, ""
    ending = UNTIL.search(rest)
    if ending:
        rest = rest[: ending.start()].rstrip(" ,;")
        try:
            until = date.fromisoformat(ending[1])
        except ValueError:
            problem = f"{ending[1]!r} is no date: write `until 2027-01-31`"
    lines: tuple[int, ...] | None = (line, following(piece, line)) if alone else (line,)
    if alone and piece.cell is not None and not any(text.strip() for text in piece.lines[: line - 1]):
        lines = None
    return Suppression(rules, rest, until, piece.at(line), piece.path, lines, problem)


def following(piece: Piece, line: int) -> int:
    """The next line that is neither blank nor a comment."""
    for number, text in enumerate(piece.lines[line:], start=line + 1):
        if text.strip() and not text.lstrip().startswith(("#", "//", ";", "<!--")):
            return number
    return line + 1
