"""Credentials in code, notebooks (outputs too) and configuration. The value itself never leaves this file."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, docstrings
from audit.rules.family import Family, rule
from audit.rules.hints import hinted
from audit.rules.secrets.named import TELLING, named
from audit.rules.secrets.spread import spread
from audit.rules.secrets.tokens import BASIC_AUTH, JSON_WEB_TOKEN, PRIVATE_KEY, holds_token, tokens
from audit.rules.secrets.values import TESTED, counts_up, is_generated, is_password, is_placeholder
from audit.rules.secrets.words import is_of_address
from audit.runners import version
from audit.target import Kind, Piece, Target

TOKEN = rule(
    "secrets.token",
    title="Key or token of a service",
    why="Whoever reads the file can act as its owner; it stays in the history after the line is gone.",
    fix="Revoke it at the service, then read a new one from the environment.",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
)
PASSWORD = rule(
    "secrets.password",
    title="Password or key given as text",
    why="Whoever reads the file knows it; it stays in the history after the line is gone.",
    fix="Change it, then read it from the environment or a secret store.",
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
)

SHOWN_IN_DOCUMENTS = {BASIC_AUTH, JSON_WEB_TOKEN, PRIVATE_KEY}  # documents show the form of these
KEY_DATA = re.compile(r"[A-Za-z0-9+/=]{30}|Proc-Type")
LOCK_FILE = re.compile(r"(^|/)([^/]*\.lock|[^/]*-lock\.(json|ya?ml)|go\.sum|npm-shrinkwrap\.json|\.secrets\.baseline)$")
DOCUMENTATION_SEARCH = re.compile(r"algolia|docsearch|index_?name", re.I)  # its key is for everyone who reads the pages
SUM = re.compile(r"(['\"])[ ]?\+[ ]?\1")
SHORTEST, LONGEST = 8, 1000  # characters of a line; shorter ones hold no secret, longer ones are data
KEY_BEGINS = "-----BEGIN "


def find(target: Target) -> Iterator[Finding]:
    """At most one finding a line.

    Raises:
        NotRunError: detect-secrets is missing.
    """
    version("detect-secrets")
    for piece in target.pieces:
        if LOCK_FILE.search(piece.path):
            continue
        # Some of the detectors' patterns take a time that grows with the square of a line.
        text = "\n".join(readable(line) for line in piece.lines)
        tokens_there = holds_token(whole(piece, text))
        for number in range(1, len(piece.lines) + 1) if tokens_there else hinted(piece.lines, TELLING):
            finding = look(piece, number, whole(piece, readable(piece.lines[number - 1])))
            if finding:
                yield finding
        yield from beside(piece).values()


@lru_cache(maxsize=4)
def beside(piece: Piece) -> dict[int, Finding]:
    """Line -> what it gives away together with those around it, where it does not by itself."""
    found_there: dict[int, Finding] = {}
    for number, line, without in spread(piece):
        told = look(piece, number, readable(line)) if hinted([line], TELLING) else None
        alone = (whole(piece, readable(piece.lines[number - 1])), readable(without))
        if told and not any(look(piece, number, other) for other in alone):
            found_there.setdefault(number, told)
    return found_there


def gives_away(piece: Piece, number: int) -> bool:
    """Whether a line must not be quoted."""
    if number in beside(piece):
        return True
    line = whole(piece, readable(piece.lines[number - 1])) if 0 < number <= len(piece.lines) else ""
    return look(piece, number, line) is not None


def readable(line: str) -> str:
    """A line, nothing of one that is data, and of one with a private key the part where it begins."""
    if len(line) > LONGEST and KEY_BEGINS in line:
        start = line.index(KEY_BEGINS)
        return line[start : start + LONGEST]
    return line if SHORTEST <= len(line) <= LONGEST and "base64," not in line else ""


def whole(piece: Piece, text: str) -> str:
    """Code with constants that are added made one: `"hf_" + "abc"` hides nothing."""
    return SUM.sub("", text) if piece.kind is Kind.PYTHON and "+" in text else text


def look(piece: Piece, number: int, line: str) -> Finding | None:
    """What one line gives away, the surest rule first."""
    if not line:
        return None
    tested = TEST_PATH.search(piece.path) is not None
    for name, value in tokens(piece.path, number, line):
        shown_there = tested or piece.kind is Kind.MARKDOWN or in_docstring(piece, number)
        deployed = name == BASIC_AUTH and not tested and is_generated(value)  # nobody makes that up for a page
        if name in SHOWN_IN_DOCUMENTS and shown_there and not deployed:
            continue
        if name == PRIVATE_KEY and not KEY_DATA.search(" ".join((line, *piece.lines[number : number + 2]))):
            continue  # the mark that a key begins with, and no key
        if counts_up(value) and shown_there:
            continue
        # An address with a name and a password may as well be a template of one: judged like a password.
        in_address = is_password(value) or is_of_address(value, line, piece.path)
        if in_address if name == BASIC_AUTH else not is_placeholder(value):
            return found(TOKEN, piece.at(number), f"looks like: {name} ({shown(value)})")
    if not hinted([line], TELLING) or DOCUMENTATION_SEARCH.search(line):
        return None
    for value in named(piece, number, line):
        made_up = tested and not (is_generated(value) and len(value) >= TESTED)
        if not made_up and not in_docstring(piece, number):
            return found(PASSWORD, piece.at(number), f"a password or key as text ({shown(value)})")
    return None


def in_docstring(piece: Piece, number: int) -> bool:
    """Whether a line of code is documentation, where passwords are examples."""
    documentation = docstrings(piece)
    return any(
        id(node) in documentation and node.lineno <= number <= (node.end_lineno or 0) for node in piece.of(ast.Constant)
    )


def shown(value: str) -> str:
    """The first four characters of a long value; nothing of a short one."""
    return f"{value[:4]}…" if len(value) >= 16 else "not shown"


FAMILY = Family(
    "secrets", "No credential in the tree", (TOKEN, PASSWORD), find,
    versions=("detect-secrets",), reads_text=True, per_file=True,
)  # fmt: skip
