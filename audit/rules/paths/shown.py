"""A path as a message quotes it: the whole of it, but for the middle of a long one."""

import re

LOOKED_AT = 400  # characters after a path's beginning
MOST = 60  # characters that are quoted
PART = r"[^\s'\"`<>|;:,?&@()\[\]#]"
WORD = r"(?!-)[\w.()-]+"  # no option of a command
TO_SPACE = re.compile(rf"{PART}*")
# A space belongs to a path where a folder or a file's ending follows.
WITH_SPACES = re.compile(rf"(?:{PART}| (?={WORD}(?: {WORD})*(?:[\\/]|(?<=\w)\.\w{{1,5}}$)))*")
FULL_STOP = re.compile(r"(?<=\w)\.$")  # of the sentence around a path
RANDOM = re.compile(r"[A-Za-z0-9+=]{20,}")  # no name that anybody would read, and at times a key


def as_shown(text: str, start: int, end: int) -> str:
    """The path of which `text[start:end]` is the beginning, to its end: that of its quotes, of the text, or a space."""
    before = text[start - 1 : start]
    quoted = before in ("'", '"') or start == 0
    rest = text[end : end + LOOKED_AT].split("\n")[0]
    if before in ("'", '"'):
        rest = rest.split(before)[0]
    match = (WITH_SPACES if quoted else TO_SPACE).match(rest)
    path = FULL_STOP.sub("", RANDOM.sub("…", (text[start:end] + (match.group() if match else "")).strip()))
    return path if len(path) <= MOST else f"{path[: MOST - 24]}…{path[-23:]}"
