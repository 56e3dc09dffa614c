"""Code that cannot be read: what no other rule can look into."""

import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.family import Family, rule
from audit.target import Piece, Target

UNPARSABLE = rule(
    "syntax.unparsable",
    title="Python that cannot be read",
    why="No other rule can see what is in it, and what does not parse cannot run.",
    fix="Repair the syntax at the line named, remove the file, or move data that make it too large to a data file.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)


# Lines that stand in a template until somebody fills them in, and lines of a merge, which are a finding of their own.
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\{%.*%\}")
MERGE = re.compile(r"(<{7}|={7}|>{7})( |$)")
# What a test is given to read.
GIVEN = re.compile(r"(^|/)tests?/(.*/)?(data|fixtures?|resources|samples?|assets|cases)/")


def find(target: Target) -> Iterator[Finding]:
    """One finding for each module or cell that could not be parsed."""
    for piece in target.pieces:
        if piece.problem and not is_meant(piece):
            message, line = piece.problem
            yield found(UNPARSABLE, piece.at(line), message, piece.line(line)[:120])


def is_meant(piece: Piece) -> bool:
    """Whether a piece is a template or the input of a test, or says itself what is wrong with it."""
    assert piece.problem is not None
    broken = piece.line(piece.problem[1])
    merged = MERGE.match(broken) is not None and any(line.startswith("<<<<<<< ") for line in piece.lines)
    return merged or PLACEHOLDER.search(broken) is not None or GIVEN.search(piece.path) is not None


FAMILY = Family("syntax", "Everything parses", (UNPARSABLE,), find, per_file=True)
