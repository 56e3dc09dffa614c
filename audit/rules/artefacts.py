"""Text that was pasted and not read: marks of chat assistants, halves of merge conflicts."""

import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import comments, docstrings, text_of
from audit.rules.family import Family, rule
from audit.target import Kind, Piece, Target

CITATION = rule(
    "artefacts.citation",
    title="Citation mark of a chat assistant",
    why="The text was pasted from a chat and not read since; what it claims has no source here.",
    fix="Read the passage, check what it says, and remove the mark.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
PHRASE = rule(
    "artefacts.phrase",
    title="A chat assistant's way of speaking",
    why="The text was pasted from a chat; nobody has made it the project's own.",
    fix="Remove it, and check the code or text that came with it.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)
CONFLICT = rule(
    "artefacts.conflict",
    title="Merge conflict that was committed",
    why="The file holds two versions of itself: code does not run, documents contradict themselves.",
    fix="Decide for one version and remove the markers.",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
)

MARK = re.compile(
    r":?contentReference\[oaicite:\d+\](?:\{index=\d+\})?|\[?oaicite:\d+\]?|\u3010\d+(?::\d+)?\u2020[^\u3011]*\u3011"
    r"|\ue200?cite\ue202?turn\d\w*|\b(?:cite)?turn\d+(?:search|view|file|news|image)\d+|[?&]utm_source=chatgpt\.com"
    r"|\boai_citation:\d+|\bsandbox:/mnt/data/|\bfileciteturn\d\w*"
)
SPOKEN = re.compile(
    r"\bas an ai (?:language model|assistant)\b|\bas a large language model,? i\b"
    r"|\bmy (?:knowledge|training) (?:cutoff|data (?:ends|only goes))\b"
    r"|\bas of my last (?:knowledge |training )?update\b"
    r"|\bi(?:'m| am) sorry, but (?:as an ai|i can(?:'t|not))\b"
    r"|^\W*(?:chatgpt said|you said):\s*$|\bchatgpt said: |^copy code$"
    r"|^\W*(?:(?:assistant|chatgpt|claude|gpt-?\d\w*)\W*:\W*)?(?:certainly|sure|of course)[!,] "
    r"(?:here(?:'s| is| are)|below is)\b"
    r"|\bi hope this helps! (?:let me know|feel free)\b|\blet me know if you(?:'d| would) like me to\b",
    re.I,
)  # fmt: skip
HINTS = (  # in lower case; without one of these neither pattern above finds anything: the cheap question first
    "oaicite", "oai_citation", "sandbox:/mnt", "copy code", "\u3010", "cite", "utm_source=chatgpt", "as an ai",
    "as a large", "my knowledge", "my training", "my last", "but i can", "chatgpt said", "you said", "certainly",
    "sure!", "sure,", "of course", "i hope this helps", "let me know if", *(f"turn{digit}" for digit in range(10)),
)  # fmt: skip
QUOTED = re.compile(r"``.+?``|`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
ABOUT = 12  # fewer letters than this beside a mark: the mark is what the line is about
FENCE = re.compile(r"^\s*(```|~~~)")
PATCH = (".diff", ".patch", ".rej", ".orig")
DOCUMENTS = (".md", ".rst", ".txt", ".html", ".tex", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".sh", ".env")
LONGEST = 5000  # characters of a line; longer ones are data


def find(target: Target) -> Iterator[Finding]:
    """Each rule at most once a line."""
    for piece in target.pieces:
        if piece.kind is Kind.OUTPUT:
            continue
        yield from conflicts(piece)
        lowered = piece.text.lower()
        if not any(hint in lowered for hint in HINTS):
            continue
        if piece.kind is Kind.TEXT and not piece.path.lower().endswith(DOCUMENTS):
            continue  # data may hold anything that was ever said
        for number, line in prose(piece):
            if len(line) > LONGEST:
                continue
            bare = QUOTED.sub("", line) if piece.kind is Kind.MARKDOWN else line
            mark = MARK.search(bare)
            if mark and sum(map(str.isalpha, MARK.sub("", bare))) >= ABOUT:
                yield found(CITATION, piece.at(number), f"`{mark.group()}` was pasted from a chat", line.strip()[:120])
            elif (spoken := SPOKEN.search(QUOTED.sub("", line))) and not piece.path.endswith(".txt"):
                yield found(PHRASE, piece.at(number), f"“{spoken.group().strip()}”", line.strip()[:120])


def prose(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, text) of documents, comments and docstrings; of code that does not parse, every line."""
    if piece.kind is not Kind.PYTHON or piece.tree is None:
        yield from enumerate(piece.lines, start=1)
        return
    documentation = docstrings(piece)
    for node in piece.nodes:
        if not (text := text_of(node)):
            continue
        long = len(text) >= 60 and MARK.search(text)  # text for a reader; a short string is what code looks for
        if id(node) in documentation or long:
            first = getattr(node, "lineno", 1)
            for offset, line in enumerate(text.split("\n")):
                yield first + offset, line
    yield from ((line, text) for line, _, text in comments(piece))


def conflicts(piece: Piece) -> Iterator[Finding]:
    """The opening marker of each conflict that is complete; those shown in a fence or held by a string are not."""
    if piece.tree is not None or piece.path.lower().endswith(PATCH) or "\n=======" not in piece.text:
        return
    opened, parted, fenced = 0, False, False
    for number, line in enumerate(piece.lines, start=1):
        if piece.kind is Kind.MARKDOWN and FENCE.match(line):
            fenced = not fenced
        if fenced:
            continue
        if line.startswith("<<<<<<< "):
            opened, parted = number, False
        elif opened and line.rstrip() == "=======":
            parted = True
        elif parted and line.startswith(">>>>>>> "):
            yield found(CONFLICT, piece.at(opened), f"a merge conflict up to line {number}", piece.line(opened)[:120])
            opened, parted = 0, False


FAMILY = Family(
    "artefacts", "Nothing was pasted and left unread", (CITATION, PHRASE, CONFLICT), find,
    reads_text=True, per_file=True,
)  # fmt: skip
