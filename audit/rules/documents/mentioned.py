"""Files of the tree that the sentences of a document speak of as if they were there."""

import re
from collections.abc import Iterator

from audit.rules.documents.figures import prose
from audit.rules.documents.invoked import kept
from audit.rules.documents.shell import SPAN
from audit.target import Piece

# What a sentence says of a file that is to come, comes from elsewhere, or is only one that could be.
NOT_THERE = re.compile(
    r"\b(?:generat|produc|export|output|stor(?:e|ing)|record|ignor|optional|untrack|own\b|add(?:s|ed|ing)?\b|new\b"
    r"|mak(?:es?|ing)\b|instead|would|will\b|could|future|todo|plan|missing|absent|exist|present|fill|provid|if\b"
    r"|e\.g\.|example|such as|like\b|old\b|legacy|not\b|no\b|never|was\b|were\b|had\b|upstream|submodule"
    r"|local\b|private|secret|define|replac|renam|mov(?:e|ing)\b|delet|remov|convert)|\w+n't\b|→|->",
    re.I,
)


def mentioned(piece: Piece, files: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, path) of what lies in a folder of the tree that holds others of its kind, where it is told to be."""
    for number, line in prose(piece):
        if "/" not in line or ("`" not in line and "<code>" not in line) or NOT_THERE.search(SPAN.sub(" ", line)):
            continue
        for span, other in SPAN.findall(line):
            path = (span or other).strip()
            yield from ((number, name) for name in kept([path], files) if " " not in path)
