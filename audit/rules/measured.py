"""How well the rules find what was planted: a table that a test recomputes on the corpus, and words for a report."""

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Measured(NamedTuple):
    """Counts of one family on the corpus of planted defects and near misses.

    Attributes:
        planted: findings that should come.
        hit: of these, those that came at the right file, cell and line.
        false: findings that came and should not have.
    """

    planted: int
    hit: int
    false: int

    @property
    def recall(self) -> float:
        """Share of the planted defects that were found."""
        return self.hit / self.planted

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 where there is none."""
        return self.hit / (self.hit + self.false) if self.hit + self.false else 1.0


@cache
def table() -> dict[str, Measured]:
    """Family -> counts, as they stand in measured.toml."""
    text = (resources.files("audit.rules") / "measured.toml").read_text(encoding="utf-8")
    return {name: Measured(**counts) for name, counts in tomllib.loads(text).items()}


def note(family: str) -> str:
    """The figures of one family in words; "" for a family that was never measured (one from a plugin)."""
    counts = table().get(family)
    if counts is None:
        return ""
    return (
        f"rules: recall {counts.recall:.2f} and precision {counts.precision:.2f} on the corpus"
        f" ({counts.planted} planted defects)"
    )
