"""Lines of a text that hold one of some words: found by the search of texts, many times as fast as a pattern."""

from bisect import bisect_right
from itertools import accumulate


def hinted(lines: list[str], hints: tuple[str, ...]) -> list[int]:
    """The numbers of the lines, counted from 1, that hold a hint in letters of any case.

    Args:
        lines: without the newlines between them.
        hints: in lower case.
    """
    text = "\n".join(lines).lower()
    numbers: set[int] = set()
    ends: list[int] = []
    for hint in hints:
        place = text.find(hint)
        while place >= 0:
            # Lower case may be longer than upper case: the ends are those of the text that was searched.
            ends = ends or list(accumulate(len(line) + 1 for line in text.split("\n")))
            number = bisect_right(ends, place)
            numbers.add(number + 1)
            place = text.find(hint, ends[number])
    return sorted(numbers)
