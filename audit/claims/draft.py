"""Proposes a ledger for a report that somebody wrote: its tables and ticked lists, number by number, without evidence.

What it proposes says nothing about truth: every entry stays "no evidence" until somebody names the file that proves it.
"""

import json
import re
from dataclasses import dataclass

from audit.claims.documents import COMMENT, FREE, HIDDEN, blanked, without_fences

ROW = re.compile(r"^\s*\|.*\|\s*$")
RULE = re.compile(r"^\s*\|[\s:|-]+\|\s*$")
TICK = re.compile(r"^\s*[-*+]\s+(?:\[[xX]\]|✅|✓|✔️?)\s*(.+)$")


@dataclass(frozen=True)
class Proposal:
    """A claim that a report makes.

    Attributes:
        text: the line with `{}` in place of the number; "" for a tick without a number.
        says: the number as it is written, or the ticked sentence.
    """

    id: str
    line: int
    says: str
    text: str


def proposals(text: str) -> list[Proposal]:
    """One claim for each number of a table's body or of a ticked line, and one for each tick without a number."""
    found: list[Proposal] = []
    names: dict[str, int] = {}
    heads: list[str] = []
    lines = blanked(COMMENT, without_fences(text)).split("\n")
    for number, line in enumerate(lines, 1):
        ruled = number < len(lines) and RULE.match(lines[number]) is not None
        if ROW.match(line) and ruled:
            heads = cells(line)
        elif RULE.match(line):
            continue
        elif ROW.match(line) and heads:
            found += from_row(line, number, heads, names)
        else:
            heads = []
            found += from_tick(line, number, names)
    return found


def from_row(line: str, number: int, heads: list[str], names: dict[str, int]) -> list[Proposal]:
    """The numbers of a table's row, named after its first cell and the head of their column."""
    first = cells(line)[0]
    found = []
    for start, end, said in numbers(line):
        column = line[:start].count("|") - line[:start].count(r"\|") - 1
        if column == 0:
            continue  # what the row is about
        head = heads[column] if column < len(heads) else ""
        pattern = f"{line[:start]}{{}}{line[end:]}".strip()
        found.append(Proposal(unique(f"{first} {head}", names), number, said, pattern))
    return found


def from_tick(line: str, number: int, names: dict[str, int]) -> list[Proposal]:
    """The numbers of a ticked line, or the line itself."""
    match = TICK.match(line)
    if not match:
        return []
    sentence = match.group(1).strip()
    found = [
        Proposal(unique(sentence, names), number, said, f"{line[:start]}{{}}{line[end:]}".strip())
        for start, end, said in numbers(line)
    ]
    return found or [Proposal(unique(sentence, names), number, sentence, "")]


def numbers(line: str) -> list[tuple[int, int, str]]:
    """(start, end, text) of the numbers of a line that are no dates, versions or parts of names."""
    for pattern in HIDDEN:
        line = blanked(pattern, line)
    return [(match.start(), match.end(), match.group()) for match in FREE.finditer(line)]


def cells(line: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def unique(words: str, names: dict[str, int]) -> str:
    """An id out of words, numbered where it has been taken."""
    stem = "-".join(re.findall(r"[a-z0-9]+", words.lower())[:6]) or "claim"
    names[stem] = names.get(stem, 0) + 1
    return stem if names[stem] == 1 else f"{stem}-{names[stem]}"


def render(path: str, found: list[Proposal]) -> str:
    """The ledger as TOML, ready to be filled in."""
    parts = [f"# Proposed from {quoted(path)}: name the evidence of each claim, or leave it out."]
    for item in found:
        fields = [f"[{item.id}]  # line {item.line}"]
        if item.text:
            fields.append(f"document = {quoted(path)}\ntext = {quoted(item.text)}  # says {item.says}")
        else:
            fields.append(f"# no number to compare: {' '.join(item.says.split())}")
        fields.append('evidence = ""\nkey = ""')
        parts.append("\n".join(fields))
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A string of TOML: JSON's rules are a part of TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
