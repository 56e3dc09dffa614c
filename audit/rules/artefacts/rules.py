"""Text that was pasted and not read: marks of chat assistants, halves of merge conflicts."""

import ast
import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.artefacts.spoken import ANSWER, HINTS, QUOTED, SAYINGS, spoken, without_praise
from audit.rules.code import comments, docstrings, text_of
from audit.rules.family import Family, rule
from audit.rules.hints import hinted
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
    r"|\ue200?cite\ue202?turn\d\w*|\b(?:cite)?turn\d+(?:search|view|file|news|image)\d+"
    r"|[?&]utm_source=(?:chatgpt\.com|openai\b)"
    r"|\[span_\d+\]\((?:start|end)_span\)|(?<=\S)\[\^\d+\^\]|<grok[:]render\b"
    r"|\[cite_start\]|\[cite: ?\d+(?:, ?\d+)*\]|\boai_citation:\d+|\bsandbox:/mnt/data/|\bfileciteturn\d\w*"
)
MARK_HINTS = (
    "oaicite", "oai_citation", "sandbox:/mnt", "\u3010", "cite", "utm_source=chatgpt", "utm_source=openai",
    "_span)", "^]", "<grok:",
    *(f"turn{digit}" for digit in range(10)),
)  # fmt: skip
# As it comes from a chat: not as somebody quotes it.
COPIED = re.compile(r"(?:&#8203;|\u200b)`{1,2}(\u3010oaicite:\d+\u3011)")
ABOUT = 12  # fewer letters than this beside a mark: the mark is what the line is about
FENCE = re.compile(r"^\s*(```|~~~)")
LEFT = re.compile(r"^(?:<{7}|>{7}) ", re.M)
OPENED = re.compile(r"^[ \t]*(?:# ?)?<{7} ", re.M)  # in a comment or a docstring
# One marker alone: with it stands what git writes, the name of a branch or a commit, and no sentence.
HALF = re.compile(
    r"^(?:<{7} (?:HEAD(?::\S+)?|ours|Updated upstream|Stashed changes)|>{7} (?:[0-9a-f]{7,40}(?: \(.*\))?|theirs|HEAD"
    r"|Stashed changes|(?:origin|upstream)/\S+|ma(?:in|ster)|dev\w*|[\w.-]+[/_-][\w./-]+))\s*$"
)
PATCH = (".diff", ".patch", ".rej", ".orig")
DOCUMENTS = (".md", ".rst", ".txt", ".html", ".tex", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".sh", ".env")
# Plain text that authors wrote; other plain text is as a rule data.
WRITTEN = re.compile(r"(?:^|/)(?:docs?/.+|readme|notes?|changelog|changes|todo|report)\.txt$", re.I)
# A mark of a turn that is the whole of an entry: where a model is told to stop.
ENTRY = re.compile(r"""\s*(?:-\s+|[\w.-]+\s*[:=]\s*)*\[?["']?(?:<\|?/?\w+\|?>\w*["',\s]*)+\]?,?\s*(?:#.*)?""")
CONFIGURED = (".yaml", ".yml", ".toml", ".cfg", ".ini")
LONGEST = 5000  # characters of a line; longer ones are data


def find(target: Target) -> Iterator[Finding]:
    """Each rule at most once a line."""
    for piece in target.pieces:
        if piece.kind is Kind.OUTPUT:
            continue
        yield from conflicts(piece)
        if piece.kind is Kind.TEXT and not piece.path.lower().endswith(DOCUMENTS):
            continue  # data may hold anything that was ever said
        if finds(piece.lines, MARK_HINTS, (MARK,)) or finds(remarks(piece), HINTS, SAYINGS):
            yield from pasted(piece)


def finds(lines: list[str], hints: tuple[str, ...], patterns: tuple[re.Pattern[str], ...]) -> bool:
    """Whether a pattern finds something in one of the lines."""
    hopeful = (lines[number - 1] for number in hinted(lines, hints))
    return any(pattern.search(line) for line in hopeful if len(line) <= LONGEST for pattern in patterns)


def remarks(piece: Piece) -> list[str]:
    """Where somebody may speak: the lines of a document, of code those with a comment and of what stands alone."""
    lines = piece.lines
    if piece.tree is not None and not piece.problem:
        texts = [text_of(statement.value) for statement in piece.statements if isinstance(statement, ast.Expr)]
        lines = [line for line in lines if "#" in line] + [line for text in texts for line in text.split("\n")]
    return [line.replace("\u2019", "'") for line in lines] if "\u2019" in piece.text else lines


def pasted(piece: Piece) -> Iterator[Finding]:
    """Marks, phrases and turns of a chat in what is written for people."""
    lines = [(number, line) for number, line in prose(piece) if len(line) <= LONGEST]
    fenced, told = False, -ANSWER
    for place, (number, line) in enumerate(lines):
        in_markdown = piece.kind is Kind.MARKDOWN
        fenced = fenced is not (in_markdown and FENCE.match(line) is not None)
        bare = QUOTED.sub("", line) if in_markdown else line
        mark = MARK.search(bare) or COPIED.search(line)
        if mark and said_beside(line, lines[place - 1][1] if place else "") >= ABOUT:
            yield found(CITATION, piece.at(number), f"`{mark.group()}` was pasted from a chat", line.strip()[:120])
        elif not fenced and (not piece.path.endswith(".txt") or WRITTEN.search(piece.path)):
            if piece.path.lower().endswith(CONFIGURED) and ENTRY.fullmatch(line):
                continue
            following = [text for _, text in lines[place + 1 : place + 1 + ANSWER]]
            line = without_praise(line, [text for _, text in lines[max(0, place - 3) : place]])
            if said := spoken(piece, line, following, replied=place - told < ANSWER):
                told = place
                yield found(PHRASE, piece.at(number), f"“{said}”", line.strip()[:120])


def said_beside(line: str, before: str) -> int:
    """Letters beside the marks of a line, and those of the line before where a sentence is wrapped at its last word."""
    beside = MARK.sub("", line)
    return sum(map(str.isalpha, beside + (MARK.sub("", before) if beside.lstrip()[:1].isalpha() else "")))


def prose(piece: Piece) -> Iterator[tuple[int, str]]:
    """(line, text) of documents, comments and docstrings; of code that does not parse, every line."""
    if piece.kind is not Kind.PYTHON or piece.problem:
        yield from enumerate(piece.lines, start=1)
        return
    documentation = docstrings(piece)
    for node in piece.of(ast.Constant):
        if not (text := text_of(node)):
            continue
        long = len(text) >= 60 and MARK.search(text)  # text for a reader; a short string is what code looks for
        if id(node) in documentation or long:
            yield from enumerate(text.split("\n"), start=node.lineno)
    yield from ((line, text) for line, _, text in comments(piece))


def conflicts(piece: Piece) -> Iterator[Finding]:
    """The opening marker of each conflict, or of what is left of one; none shown in a fence or held by a string."""
    parses = piece.tree is not None and not piece.problem
    if parses and OPENED.search(piece.text):
        for number, line in prose(piece):
            if OPENED.match(line) and HALF.match(line.strip().lstrip("# ")):
                yield found(CONFLICT, piece.at(number), "what is left of a merge conflict", line.strip()[:120])
    if parses or piece.path.lower().endswith(PATCH) or not LEFT.search(piece.text):
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
        elif HALF.match(line) and is_written(piece):
            yield found(CONFLICT, piece.at(number), "what is left of a merge conflict", line.strip()[:120])
            opened = 0
    if opened and HALF.match(piece.lines[opened - 1]) and is_written(piece):
        yield found(CONFLICT, piece.at(opened), "what is left of a merge conflict", piece.line(opened)[:120])


def is_written(piece: Piece) -> bool:
    """Whether people write such files: in others a line may begin with any sign."""
    return piece.kind is not Kind.TEXT or piece.path.lower().endswith(DOCUMENTS)


FAMILY = Family(
    "artefacts", "Nothing was pasted and left unread", (CITATION, PHRASE, CONFLICT), find,
    reads_text=True, per_file=True,
)  # fmt: skip
