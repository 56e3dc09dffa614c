"""Which torch a tree asks for: before 2.6, torch.load unpickles anything unless it is told not to."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audit.model import Confidence, Finding, Rule, found
from audit.rules.requirements import from_piece
from audit.target import Kind, Target

MARK = "\0"  # begins the message of what is no finding yet
WHERE_OLD = f"{MARK}where torch is old"
DISTRIBUTIONS = {"torch", "pytorch"}  # of pip and of conda
ASKED = (1, 13)  # weights_only is there from here,
SAFE = (2, 6)  # and on from here
# What locks, images and addresses of wheels say; nobody looks at other files for it.
INSTALLED = re.compile(
    r"(?:\btorch(?:==|-)|\bpytorch/pytorch:|\bname = \"torch\"\nversion = \")v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)"
)
LOWEST = re.compile(r"(?:>=?|===?|~=|\^|(?<![<>!=~])=(?!=))\s*v?(\d+(?:\.\d+)*)")
CLAUSE = re.compile(r"(===?|~=|<=|<|\^|(?<![<>!=~])=)\s*v?(\d+(?:\.\d+)*)")


def manifests(target: Target, rule: Rule) -> Iterator[Finding]:
    """Drafts that say of each manifest which versions of torch it allows."""
    for piece in target.pieces:
        if "torch" not in piece.text:
            continue
        for item in from_piece(piece):
            if item.name in DISTRIBUTIONS and item.specifier:
                yield found(rule, item.location, f"{MARK}{item.specifier}")
        if piece.kind in (Kind.TEXT, Kind.MARKDOWN):
            yield from (
                found(rule, piece.at(0), f"{MARK}=={one}") for one in sorted(set(INSTALLED.findall(piece.text)))
            )


def settle(drafts: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; those of an old torch unless a manifest allows none, the surer where all allow no other."""
    waiting = list(drafts)
    asked = [item.message[1:] for item in waiting if item.message.startswith(MARK) and item.message != WHERE_OLD]
    old = bool(asked) and all(map(is_old, asked))
    allowed = not any(map(is_new, asked))
    for item in waiting:
        if not item.message.startswith(MARK):
            yield item
        elif old and item.message == WHERE_OLD:
            why = f"torch{asked[0]} is before 2.6, and weights_only is not set"
            yield replace(item, message=f"runs code from the file: {why}")
        elif allowed and item.message == WHERE_OLD:
            why = "weights_only is not set, and nothing asks for a newer one"
            yield replace(item, message=f"runs code from the file before torch 2.6: {why}", confidence=Confidence.LOW)


def is_new(specifier: str) -> bool:
    """Whether a specifier allows no version in which weights_only is off."""
    lowest = (tuple(int(part) for part in text.split(".")) for text in LOWEST.findall(specifier))
    return any(version >= SAFE for version in lowest)


def is_old(specifier: str) -> bool:
    """Whether a specifier of pip, conda or Poetry allows no version beyond those that know weights_only, but off."""
    for sign, text in CLAUSE.findall(specifier):
        version = tuple(int(part) for part in text.split("."))
        if sign == "^" or (sign == "~=" and len(version) < 3):
            version, sign = (version[0] + 1,), "<"
        if version >= ASKED and (version < SAFE or (sign == "<" and not any(version[2:]) and version[:2] == SAFE)):
            return True
    return False
