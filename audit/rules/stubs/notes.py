"""Notes of work left for later: in comments, docstrings and the comments of settings."""

import ast
import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import comments, is_text
from audit.rules.family import rule
from audit.target import Kind, Piece, Target

TODO = rule(
    "stubs.todo",
    title="TODO or FIXME",
    why="Work that is known to be missing is not finished work; nobody is reminded of it here.",
    fix="Do it, or move it to the issue tracker.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

NOTE = re.compile(
    r"\b(?<!\bthe )(?:TODO|FIXME)\b(?! (?:placeholder|marker|comment|item)s?\b)"
    r"|^#+[\W_]*(?i:todo|fixme)\b(?![ _-]?lists?\b)|\b(?i:todo|fixme):"
)
COMMENT = re.compile(r"(?<!\S)#.*")
REMARK = re.compile(r"^\s*@?(?:rem\b|::).*", re.I)
MAY_NOTE = re.compile(r"\b(?:todo|fixme)(?![a-z])", re.I)
TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
MAY_COMMENT = re.compile(r"#.*?(?:todo|fixme)", re.I)
# In a docstring the word may be a subject: it must begin a line, or name who or what is to come.
NOTE_IN_TEXT = re.compile(
    r"^\W*(?:TODO|FIXME)\b|\b(?:TODO|FIXME)\s?[:(]|\((?:TODO|FIXME)\)|^\W*(?i:todo):|:\s+(?:TODO|FIXME)\W*$"
)
TEMPLATES = re.compile(r"(^|/)\w*templates?/")  # for others to fill in
SETTINGS = re.compile(
    r"(^|/)[^/]*requirements[^/]*\.txt$|\.(ya?ml|toml|cfg|ini|sh|bash|ps1|bat|cmd)$|(^|/)(Dockerfile|Makefile)[^/]*$"
)
BATCH = re.compile(r"\.(bat|cmd)$")


def notes(target: Target) -> Iterator[Finding]:
    """Comments and docstrings that say that something is still to be done, also in what does not parse."""
    for piece in target.pieces:
        if TEMPLATES.search(piece.path):
            continue
        lowered = piece.text.lower()
        if not ("todo" in lowered or "fixme" in lowered) or not MAY_NOTE.search(piece.text):
            continue
        lines: set[int] = set()
        if piece.kind is Kind.PYTHON:
            lines = {line for line, text in commented(piece) if NOTE.search(text)}
            for node in piece.statements:
                if isinstance(node, ast.Expr) and is_text(node):
                    within = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                    lines.update(line for line in within if NOTE_IN_TEXT.search(piece.line(line)))
        elif SETTINGS.search(piece.path):
            comment_of = REMARK if BATCH.search(piece.path) else COMMENT
            said = ((number, comment_of.search(line)) for number, line in enumerate(piece.lines, 1))
            lines = {number for number, comment in said if comment and NOTE.search(comment[0])}
        for line in sorted(lines):
            yield found(TODO, piece.at(line), "work left for later", piece.line(line)[:120])


def commented(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, text) of the comments that may be notes; without tokens where there is a tree, which takes a fifth."""
    if not MAY_COMMENT.search(piece.text):
        return
    if piece.tree is None:
        yield from ((line, text) for line, _, text in comments(piece))
        return
    texts = piece.of(ast.Constant, ast.JoinedStr)
    inside: set[int] = set()
    for node in texts:
        if node.end_lineno != node.lineno:
            inside.update(range(node.lineno, node.end_lineno or 0))
    for number, line in enumerate(piece.lines, 1):
        if number not in inside and MAY_COMMENT.search(line):
            code, sign, text = TEXT.sub("", line).partition("#")
            if not {"'", '"'} & set(code):
                yield number, sign + text
