"""Figures about an audit: what it gives the tree, and how far its own rules can be believed."""

from dataclasses import dataclass

HALF = 20  # points that halve the score of a family


@dataclass(frozen=True)
class Accuracy:
    """How a family of rules does on a corpus of planted defects and near misses.

    Attributes:
        planted: findings that should come.
        hit: of these, those that came at the right place.
        false: findings that came and should not have.
    """

    planted: int
    hit: int
    false: int

    @property
    def recall(self) -> float:
        """Share of the planted defects that were found; 1 where none was planted."""
        return self.hit / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 where there is none."""
        return self.hit / (self.hit + self.false) if self.hit + self.false else 1.0

    def __add__(self, other: "Accuracy") -> "Accuracy":
        return Accuracy(self.planted + other.planted, self.hit + other.hit, self.false + other.false)


@dataclass(frozen=True)
class FamilyScore:
    """One family's share in the score.

    Attributes:
        value: in (0, 100], 100 without a finding.
        points: what its findings cost together.
        findings: how many of them count.
    """

    family: str
    value: float
    points: int
    findings: int


@dataclass(frozen=True)
class Score:
    """One number for a tree, and where it comes from.

    Attributes:
        value: in (0, 100], never above that of the weakest family.
        weakest: the family that holds it down most.
        families: every family that counts, in the order of the checks.
        not_counted: checks that have no part in it, because they came to no result.
    """

    value: float
    weakest: str
    families: tuple[FamilyScore, ...]
    not_counted: tuple[str, ...] = ()
