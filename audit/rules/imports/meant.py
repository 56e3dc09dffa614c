"""Comments by which an author says that an import stays although nothing uses it: beside, above, or for the file."""

import ast
import re

from audit.target import Piece

# That an import is there for its effect, or for others.
MEANT = re.compile(
    r"#.*\b(?:\w*unused-?import|W0611|F401|call(?:ed)? as|regist\w*|side.?effects?|needed|required|keep|re-?export\w*"
    r"|patch\w*|plugins?|backwards?.compat\w*|for compat\w*|used (?:in|by)|nopycln)\b",
    re.I,
)
# On a line of its own: for the rest of its block, until it is taken back.
SWITCH = re.compile(r"\s*#\s*pylint:\s*(disable|enable)\s*=[\w\s,-]*\b(?:unused-import|W0611|all)\b", re.I)
ABOVE = re.compile(
    r"\s*#\s*(?:pylint:\s*disable-next\s*=[\w\s,-]*\b(?:unused-import|W0611)\b"
    r"|noinspection\s+[\w,]*Py(?:UnresolvedReferences|UnusedImports?)\b|noqa\s*(?::[\w\s,]*\bF401\b|$))",
    re.I,
)
WHOLE = re.compile(
    r"^[ \t]*#.*\b(?:pylint:\s*(?:skip-file|disable-all)\b|flake8[:=]\s*noqa(?:\s*-\*-)?\s*$|nopycln:\s*file\b"
    r"|autoflake:\s*skip_file\b|pyright:.*\breportUnusedImport\s*=\s*(?:false|none)\b)",
    re.M | re.I,
)


def is_meant(piece: Piece, line: int) -> bool:
    """Whether a comment says that what is imported on a line may go unused.

    Of an import of several lines, its first and its last speak for all of it.
    """
    first, last = statement(piece, line)
    if any("#" in text and MEANT.search(text) for text in map(piece.line, {line, first, last})):
        return True
    if first > 1 and ABOVE.match(piece.line(first - 1)):
        return True
    return is_switched_off(piece, first) or WHOLE.search(piece.text) is not None


def statement(piece: Piece, line: int) -> tuple[int, int]:
    """The first and the last line of the import that a line is part of."""
    for node in piece.of(ast.Import, ast.ImportFrom):
        if node.lineno <= line <= (node.end_lineno or line):
            return node.lineno, node.end_lineno or line
    return line, line


def is_switched_off(piece: Piece, line: int) -> bool:
    """Whether the next comment above that is for the whole of a block around a line lets imports be unused."""
    if "pylint" not in piece.text:
        return False
    least = indent(piece.lines[line - 1])
    for text in reversed(piece.lines[: line - 1]):
        switch = SWITCH.match(text)
        if switch and indent(text) <= least:
            return switch.group(1).lower() == "disable"
        if text.strip() and not text.lstrip().startswith("#"):
            least = min(least, indent(text))
    return False


def indent(text: str) -> int:
    """How many characters a line begins with that are not seen."""
    return len(text) - len(text.lstrip())
