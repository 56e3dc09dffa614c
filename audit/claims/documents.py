"""Numbers as they stand in markdown: which are bound to a claim by a marker, and which to nothing.

A marker is a comment behind the number, which no renderer shows: `AuC 0.89<!-- claim: auc -->`. Nothing counts inside
fenced code; inline code, headings, links' targets, dates, versions and list numbers are no claims either, but a number
in inline code can be bound by a marker behind it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from audit.model import Location

DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?"
NUMBER = re.compile(rf"(?:(?<![\w)\]])[-−+])?{DIGITS}")
# Standing alone: no part of a name, a path, a version or a date.
FREE = re.compile(rf"(?<![\w.,/#@:·\-–−+=^])[-−+]?{DIGITS}(?![\w/#@]|[.,:\-–]\w)")
MARKER = re.compile(r"<!--\s*claim:\s*([^\s>]*)\s*-->")
HOLE = re.compile(r"\{\}|\{\*\}")  # of a sentence of the ledger
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})")
TICKED = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
HIDDEN = (
    re.compile(r"\]\([^)]*\)"),  # a link's target
    re.compile(r"<?https?://[^\s>)]+>?"),
    re.compile(r"^\s{0,3}#{1,6}\s.*$"),
    re.compile(r"^\s*(?:>\s*)*(?:\d+[.)]\s|[-*+]\s+\[[ xX]\]\s+\d+[.)]\s)"),
    re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b"),
    re.compile(r"\b(?:19|20)\d{2}\b(?!\s?[%×])"),  # a year
    re.compile(r"\b(?:[Pp]ython|[Vv]ersion|v|torch|PyTorch|CUDA|MLflow)\s?\d[\w.]*"),
    re.compile(r"\b(?:[Ee]qs?|[Ee]quations?|[Ff]ig|[Ff]igures?|[Ss]ec|[Ss]ections?|[Tt]ables?|[Ii]ssues?|[Pp]ages?)"
               r"[.\s]*\(?#?\d[\d.]*\)?"),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A number in a document.

    Attributes:
        text: as it is written.
        value: what it says; None when there is no number where one should stand.
        step: of its last written digit: 0.01 in `0.89`.
        claim: the id it is bound to; "" for none.
        spans: (begin, end) of the stretches of the document that its claim accounts for.
    """

    location: Location
    text: str
    value: float | None
    step: float
    claim: str = ""
    spans: tuple[tuple[int, int], ...] = ()


def bound(path: str, text: str) -> list[Said]:
    """Every marker of a document, with the last number before it on its line (and after the marker before it)."""
    found = []
    plain = without_fences(text).split("\n")
    for number, line in enumerate(plain, 1):
        start = 0
        ticked = [match.span() for match in TICKED.finditer(line)]
        for marker in MARKER.finditer(line):
            if any(left <= marker.start() and marker.end() <= right for left, right in ticked):
                continue  # a marker that a page about markers quotes
            before = blanked(COMMENT, line[start : marker.start()])
            numbers = list(NUMBER.finditer(before))
            place = Location(path, number)
            written = numbers[-1].group() if numbers else ""
            found.append(said(place, written, marker.group(1)))
            start = marker.end()
    return found


def unbound(path: str, text: str, spans: Iterable[tuple[int, int]] = ()) -> list[Said]:
    """The numbers that stand alone in a document's prose and tables and are bound to nothing.

    Args:
        spans: of what claims without a marker account for.
    """
    found = []
    for begin, end in spans:
        text = text[:begin] + re.sub(r"\d", " ", text[begin:end]) + text[end:]
    body = without_fences(text)
    taken = MARKER.sub(lambda marker: "\0" + " " * (len(marker.group()) - 1), body)
    taken = blanked(COMMENT, taken)
    for number, line in enumerate(taken.split("\n"), 1):
        shown = blanked(TICKED, line)
        for pattern in HIDDEN:
            shown = blanked(pattern, shown)
        ends = [position for position, character in enumerate(line) if character == "\0"]
        owned = {last_before(line, end) for end in ends}
        found += [
            said(Location(path, number), match.group())
            for match in FREE.finditer(shown.replace("\0", " "))
            if match.end() not in owned
        ]
    return found


def last_before(line: str, end: int) -> int:
    """Where the number ends that a marker at `end` binds; -1 without one."""
    start = line.rfind("\0", 0, end) + 1
    numbers = list(NUMBER.finditer(line, start, end))
    return numbers[-1].end() if numbers else -1


def at_text(path: str, text: str, pattern: str, claim: str) -> list[Said]:
    """The number at `{}` in each place where a document says `pattern`, with any number at each `{*}`.

    Spaces and line breaks are alike. The claim accounts for its number and for the words of its pattern.
    """
    words = [re.sub(r"(?:\\\s|\s)+", r"\\s+", re.escape(part)) for part in HOLE.split(pattern)]
    sought = re.compile(f"({NUMBER.pattern})".join(f"({part})" for part in words))
    holes = HOLE.findall(pattern)
    number = 2 * (holes.index("{}") + 1)  # of the group
    accounted = [*range(1, 2 * len(words), 2), number]
    return [
        replace(
            said(Location(path, text.count("\n", 0, match.start(number)) + 1), match.group(number), claim),
            spans=tuple(match.span(group) for group in accounted),
        )
        for match in sought.finditer(text)
    ]


def said(location: Location, text: str, claim: str = "") -> Said:
    """A number from its text."""
    if not text:
        return Said(location, text, None, 0.0, claim)
    exact = Decimal(text.replace(",", "").replace("−", "-"))
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)
    return Said(location, text, float(exact), 10.0**exponent, claim)


def without_fences(text: str) -> str:
    """The document with its fenced code blanked, line for line."""
    lines, fence = [], ""
    for line in text.split("\n"):
        match = FENCE.match(line)
        if fence:
            closing = match is not None and match["fence"].startswith(fence) and not line.strip(" \t>`~")
            fence = "" if closing else fence
            lines.append("")
        elif match:
            fence = match["fence"]
            lines.append("")
        else:
            lines.append(line)
    return "\n".join(lines)


def blanked(pattern: re.Pattern[str], text: str) -> str:
    """What matches, as spaces: everything else stays where it is."""
    return pattern.sub(lambda match: re.sub(r"[^\n\0]", " ", match.group()), text)
