"""Patterns of paths, matched in a time that grows with pattern and path only: the audited tree may bring its own."""

import re
from dataclasses import dataclass
from functools import cached_property

SIGN = re.compile(r"(\*\*/|\*\*|\*|\?)")


@dataclass(frozen=True)
class Pattern:
    """`**` stands for any folders, `*` and `?` for what lies between slashes; a folder's name means all in it."""

    text: str

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Signs and the texts between them."""
        return tuple(part for part in SIGN.split(self.text.rstrip("/")) if part)

    def matches(self, path: str) -> bool:
        """Whether a path, or a folder above it, is one that the pattern means."""
        reached = {0}  # how far into the path the parts so far may have led
        for part in self.parts:
            reached = after(part, path, reached)
            if not reached:
                return False
        return any(place == len(path) or path[place] == "/" for place in reached)


def after(part: str, path: str, reached: set[int]) -> set[int]:
    """Where in a path one may stand behind a part, having stood in any of these places before it."""
    first = min(reached)
    match part:
        case "**":
            return set(range(first, len(path) + 1))
        case "**/":
            return reached | {place + 1 for place in range(first, len(path)) if path[place] == "/"}
        case "*":
            ends = ((place, path.find("/", place)) for place in reached)
            return {inside for place, end in ends for inside in range(place, (len(path) if end < 0 else end) + 1)}
        case "?":
            return {place + 1 for place in reached if place < len(path) and path[place] != "/"}
        case _:
            return {place + len(part) for place in reached if path.startswith(part, place)}
