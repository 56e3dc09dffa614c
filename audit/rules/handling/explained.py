"""Comments in a handler, or above its `try`, that say why an error may be dropped there."""

import ast
import re

from audit.rules.code import Module, comments, dotted
from audit.target import Piece

WORDS = re.compile(r"[A-Za-z][\w'-]*")
FEWEST = 5  # words of a reason
# What tells a reason from a remark such as "broken file, skip it".
REASON = re.compile(
    r"\b(because|since|so that|otherwise|rather than|instead|must(n't| not| never)|never|should(n't| not| never)"
    r"|best[- ]effort|nothing to|no need|need(s|ed)? no|fall(s|ing)?[- ]?(back|through)|harmless|optional|expected"
    r"|on purpose|intentional(ly)?|deliberate(ly)?|not (fatal|critical|an error)|non-?(fatal|critical)|important"
    r"|(does|do|is|are|will|would|can)(n't| not) (matter|needed|break|block|abort|stop|crash|fail|prevent)|guards?)\b",
    re.I,
)
FAILING = re.compile(r"\b(throws?|raises?|fails?|errors?|exceptions?)\b", re.I)  # what a comment above a `try` is about
TO_DO = re.compile(r"\b(todo|fixme|xxx|hack)\b", re.I)


def is_explained(module: Module, piece: Piece, handler: ast.stmt | ast.ExceptHandler) -> bool:
    """Whether a comment in a handler of Exception gives a reason for dropping it; a bare one drops Ctrl-C besides."""
    kind = handler.type if isinstance(handler, ast.ExceptHandler) else None
    if kind is None or "BaseException" in ast.unparse(kind) or dotted(kind) == "":
        return False
    last = handler.end_lineno or handler.lineno
    above = said_above(module, piece, handler)
    if FAILING.search(above) and is_reason(above):
        return True
    if not any("#" in piece.line(number) for number in range(handler.lineno, last + 1)):
        return False
    return is_reason(" ".join(text for line, text in said_in(module, piece) if handler.lineno <= line <= last))


def is_reason(said: str) -> bool:
    """Whether a comment is more than a remark, and nothing that is still to be done."""
    return len(WORDS.findall(said)) >= FEWEST and REASON.search(said) is not None and not TO_DO.search(said)


def said_above(module: Module, piece: Piece, handler: ast.stmt | ast.ExceptHandler) -> str:
    """The comment in the lines right above the `try` of a handler."""
    lines: list[str] = []
    number = getattr(module.parents.get(handler), "lineno", 1) - 1
    while number > 0 and piece.line(number).lstrip().startswith("#"):
        lines.insert(0, piece.line(number).strip())
        number -= 1
    return " ".join(lines)


def said_in(module: Module, piece: Piece) -> list[tuple[int, str]]:
    """Line and text of the comments of a piece; read once."""
    known: dict[int, list[tuple[int, str]]] = module.derived.setdefault("comments of handlers", {})
    if id(piece) not in known:
        known[id(piece)] = [(line, text) for line, _, text in comments(piece)]
    return known[id(piece)]
