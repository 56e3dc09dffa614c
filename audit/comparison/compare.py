"""What differs between two sets of runs, and whether more than seeds make them differ."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from audit.comparison.runs import Run, is_seed


class Judgement(StrEnum):
    """Of a metric's difference."""

    LARGER = "larger than the spread"
    WITHIN = "within the spread"
    UNKNOWN = "spread not known"
    MISSING = "on one side only"


@dataclass(frozen=True)
class Spread:
    """A metric over the runs of a set."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Arithmetic mean."""
        return math.fsum(self.values) / len(self.values)

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation; None of fewer than two runs."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Difference:
    """A metric on both sides."""

    metric: str
    a: Spread | None
    b: Spread | None

    @property
    def delta(self) -> float | None:
        """Mean of B less mean of A."""
        return self.b.mean - self.a.mean if self.a and self.b else None

    @property
    def judgement(self) -> Judgement:
        """Larger: no run of one side reaches into the other's, and the means are more than two standard errors apart.

        With a handful of seeds neither alone says much: ranges of two runs each miss one another by chance in a
        third of all cases, and a standard deviation of two values is nearly noise.
        """
        if self.a is None or self.b is None or self.delta is None:
            return Judgement.MISSING
        if self.a.deviation is None or self.b.deviation is None:
            return Judgement.UNKNOWN
        error = math.sqrt(self.a.deviation**2 / len(self.a.values) + self.b.deviation**2 / len(self.b.values))
        apart = max(self.a.values) < min(self.b.values) or max(self.b.values) < min(self.a.values)
        return Judgement.LARGER if apart and abs(self.delta) > 2 * error else Judgement.WITHIN


def differences(a: Sequence[Run], b: Sequence[Run]) -> list[Difference]:
    """Every metric that either side has, by name."""
    names = sorted({name for run in (*a, *b) for name in run.metrics})
    return [Difference(name, spread(a, name), spread(b, name)) for name in names]


def spread(runs: Sequence[Run], metric: str) -> Spread | None:
    """A metric over the runs that have a finite value of it; None where none has."""
    values = tuple(run.metrics[metric] for run in runs if math.isfinite(run.metrics.get(metric, math.nan)))
    return Spread(values) if values else None


def parameters(a: Sequence[Run], b: Sequence[Run]) -> list[tuple[str, str, str]]:
    """(name, of A, of B) of the parameters that differ; several values within a set stand with commas. Seeds do not."""
    names = sorted({name for run in (*a, *b) for name in run.parameters if not is_seed(name)})
    rows = [(name, said(a, name), said(b, name)) for name in names]
    return [row for row in rows if row[1] != row[2]]


def said(runs: Sequence[Run], name: str) -> str:
    """The values of a parameter over a set."""
    return ", ".join(sorted({run.parameters.get(name, "—") for run in runs}))
