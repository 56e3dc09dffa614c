"""Code that cannot be read: what no other rule can look into."""

from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.family import Family, rule
from audit.target import Target

UNPARSABLE = rule(
    "syntax.unparsable",
    title="Python that does not parse",
    why="It cannot run, and no other rule can see what is in it.",
    fix="Repair the syntax at the line named, or remove the file.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)


def find(target: Target) -> Iterator[Finding]:
    """One finding for each module or cell that could not be parsed."""
    for piece in target.pieces:
        if piece.problem:
            message, line = piece.problem
            yield found(UNPARSABLE, piece.at(line), message, piece.line(line)[:120])


FAMILY = Family("syntax", "Everything parses", (UNPARSABLE,), find, per_file=True)
