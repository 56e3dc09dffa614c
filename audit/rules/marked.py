"""What a maintainer marked as meant for another tool that asks for the same: `# noqa: T201`, `# nosec`."""

import ast
import re

from audit.target import Piece

PRINTS = r"T20\d?|T00\d"  # flake8-print's codes, by their new and their old names
UNSAFE = r"S(?:102|30[1278]|506|60[2-7])|DUO1\d\d|PGH001"  # flake8-bandit's, of what turns data into code
UNSAFE_MARK = re.compile(
    rf"#.*(?:\bnosec\b|\bnoqa\s*:[\w\s,]*\b(?:{UNSAFE})\b|\bpylint:\s*disable=[\w,\s-]*\b(?:eval|exec)-used)"
)
DROP_MARK = re.compile(
    r"#.*(?:\bnoqa\s*:[\w\s,]*\b(?:S11[02]|BLE001)\b|\bnosec\b[\s:]*(?:B\d+,\s*)*B11[02]\b"
    r"|\bpylint:\s*disable=[\w,\s-]*\b(?:broad|bare)-exce)",
    re.I,
)  # of an error that nobody hears of
PRINT_MARK = re.compile(rf"#.*\bnoqa\b\s*:?[\w\s,]*\b(?:{PRINTS})\b", re.I)
OF_FILE = re.compile(r"^\s*#\s*(?:ruff|flake8)\s*:\s*noqa\s*:.*$", re.M | re.I)


def is_marked(piece: Piece, node: ast.expr | int, mark: re.Pattern[str]) -> bool:
    """Whether a comment on a line, or those of an expression, or one for the file says that the rule may be broken."""
    first, last = (node, node) if isinstance(node, int) else (node.lineno, node.end_lineno)
    lines = piece.lines[first - 1 : last]
    if any("#" in line and mark.search(line) for line in lines):
        return True
    return "noqa" in piece.text and any(map(mark.search, OF_FILE.findall(piece.text)))
