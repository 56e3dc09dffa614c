"""Text that was pasted and not read: marks of chat assistants, halves of merge conflicts."""

import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
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
    r"|\ue200?cite\ue202?turn\d\w*|\b(?:cite)?turn\d+(?:search|view|file|news|image)\d+|[?&]utm_source=chatgpt\.com"
    r"|\boai_citation:\d+|\bsandbox:/mnt/data/|\bfileciteturn\d\w*"
)
SPOKEN = re.compile(
    r"\bas an ai language model\b|\bas an? (?:ai|(?:large |ai )?language model|ai (?:model|assistant)),? i\b"
    r"|\bmy (?:knowledge|training) (?:cutoff|data (?:ends|only goes))\b"
    r"|\bas of my last (?:knowledge |training )?update\b|\bi (?:don't|do not) have access to real-time\b"
    r"|\bi(?:'m| am) sorry, but (?:as an ai|i can(?:'t|not))\b|\bi apologize for (?:the|any) (?:confusion|oversight)\b"
    r"|\byou(?:'re| are) absolutely right[!.,]|^[^\w\n]*great question[!,]"
    r"|^[^\w\n]*(?:chatgpt said|you said):|\bchatgpt said: |^copy code$|^[^\w\n]*regenerate response\W*$"
    r"|\bchatgpt can make mistakes\b|^[^\w\n]*thought for \d+ seconds?\W*$"
    r"|^[^\w\n]*(?:(?:assistant|chatgpt|claude|gpt-?\d\w*)\W*:\W*)?(?:certainly|sure|of course|absolutely)[!,] "
    r"(?:here(?:'s| is| are)|below is|(?<=! )i(?:'ll| can| will| have|'ve)\b)"
    r"|^[^\w\n]*here(?:'s| is) (?:the|an?|your) (?:updated|corrected|revised|improved|modified|refactored|rewritten"
    r"|enhanced|optimi[sz]ed|cleaned[- ]up|polished|fixed) (?:[\w-]+ ){0,4}(?:version|code|script|function"
    r"|implementation|class|file|readme|section|docstring|snippet|notebook)\b"
    r"|^[^\w\n]*here(?:'s| is) .{5,120}[.!:] feel free to (?:adjust|modify|customi[sz]e|tweak|adapt|change)\b"
    r"|\bi hope this helps[!.]|\bis there anything else (?:you(?:'d| would) like|you need|i can)\b"
    r"|\bwould you like me to (?!\w+ed\b)|\blet me know if you(?:'d| would) like (?:me to|any)\b"
    r"|\blet me know if you (?:need|want|have) any (?:further|additional|other|more) (?:adjust|change|modif|help|assist"
    r"|clarif|refine|tweak|question|detail)|\bi(?:'ve| have) (?:updated|modified|refactored|rewritten|fixed) your \w+"
    r"|\.\.\.\s*\(?(?:your )?(?:existing|rest of (?:the|your)) (?:code|function|class|script|implementation)"
    r"|\brest of (?:the|your) (?:code|function|class|script|file|implementation) (?:remains?|stays?) "
    r"(?:the same|unchanged)",
    re.I | re.M,
)  # fmt: skip
HINTS = (  # in lower case; in lines without one of these no pattern finds anything: the cheap question first
    "oaicite", "oai_citation", "sandbox:/mnt", "copy code", "\u3010", "cite", "utm_source=chatgpt", "as an ai",
    "language model", "my knowledge", "my training", "my last", "access to real-time", "but i can", "chatgpt",
    "you said", "certainly", "sure!", "sure,", "of course", "absolutely", "i hope this helps", "let me know if",
    "here's", "here is", "anything else", "would you like me to", "existing code", "rest of", "i apologize",
    "great question", "regenerate", "thought for", "im_start", "start_header", "assistant:", "ai:", "claude:",
    "gemini:", "copilot:", *(f"turn{digit}" for digit in range(10)),
)  # fmt: skip
# Who speaks, at the beginning of a line; in what is itself about conversations that is their form.
ASKED = re.compile(r"^[^\w\n]*(?:human|user|you|me):\s+\S", re.I)
ANSWERED = re.compile(r"^[^\w\n]*(?:assistant|ai|chatgpt|claude|gemini|copilot|gpt-?\d\w*):\s+\S", re.I | re.M)
TURN = re.compile(r"^[^\w\n]*<\|(?:im_start|start_header_id)\|>\s*(?:assistant|user|system)\b", re.I | re.M)
CONVERSING = re.compile(r"prompt|\bchat(?!gpt)|dialog|conversation|\bllm|instruct(?!ion)|template|few[-_ ]shot", re.I)
ALL = (MARK, SPOKEN, TURN, ANSWERED)
ANSWER = 6  # lines from a question to its answer
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
        if piece.kind is Kind.TEXT and not piece.path.lower().endswith(DOCUMENTS):
            continue  # data may hold anything that was ever said
        lines = (piece.lines[number - 1] for number in hinted(piece.lines, HINTS))
        if any(pattern.search(line) for line in lines if len(line) <= LONGEST for pattern in ALL):
            yield from pasted(piece)


def pasted(piece: Piece) -> Iterator[Finding]:
    """Marks, phrases and turns of a chat in what is written for people."""
    lines = [(number, line) for number, line in prose(piece) if len(line) <= LONGEST]
    fenced = False
    for place, (number, line) in enumerate(lines):
        in_markdown = piece.kind is Kind.MARKDOWN
        fenced = fenced is not (in_markdown and FENCE.match(line) is not None)
        bare = QUOTED.sub("", line) if in_markdown else line
        mark = MARK.search(bare)
        if mark and sum(map(str.isalpha, MARK.sub("", bare))) >= ABOUT:
            yield found(CITATION, piece.at(number), f"`{mark.group()}` was pasted from a chat", line.strip()[:120])
        elif not fenced and not piece.path.endswith(".txt"):
            following = [text for _, text in lines[place + 1 : place + 1 + ANSWER]]
            spoken = SPOKEN.search(QUOTED.sub("", line)) or turn(piece, line, following)
            if spoken:
                yield found(PHRASE, piece.at(number), f"“{spoken.group().strip()}”", line.strip()[:120])


def turn(piece: Piece, line: str, following: list[str]) -> re.Match[str] | None:
    """The mark of who speaks, or a question that an answer follows, in a text that is not about conversations."""
    marked = TURN.search(line)
    if not marked and any(ANSWERED.match(text) for text in following):
        marked = ASKED.match(line)
    return None if marked is None or CONVERSING.search(piece.text) else marked


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
