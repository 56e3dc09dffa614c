"""What the seeds say about a statement "A is higher than B".

A comparison holds where every seed of A lies above every seed of B, does not hold where every seed of A lies
below, and is undecided in between, and where a side has fewer than two seeds. With three seeds a side, equal runs would
be told apart like this by chance once in twenty times, each way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import mean, stdev

LEAST_SEEDS = 2


class Verdict(Enum):
    """The three ways a comparison can come out."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Comparison:
    """ "`higher` is higher than `lower`" in one metric.

    Attributes:
        higher: name of the one that is said to be higher.
        lower: name of the other.
        metric: key of the metric.
        difference: of the means; None where a side has no value.
        spread: standard deviation of that difference, from the standard deviations over seeds; None below two seeds.
        verdict: see the module.
    """

    higher: str
    lower: str
    metric: str
    difference: float | None
    spread: float | None
    verdict: Verdict


def compare(
    higher: str, above: Sequence[float], lower: str, below: Sequence[float], metric: str, constant: bool = False
) -> Comparison:
    """Compare the values over seeds of two runs; `constant` says that `below` is one number without a seed."""
    if not above or not below:
        return Comparison(higher, lower, metric, None, None, Verdict.UNDECIDED)
    difference = mean(above) - mean(below)
    enough = len(above) >= LEAST_SEEDS and (constant or len(below) >= LEAST_SEEDS)
    if not enough:
        return Comparison(higher, lower, metric, difference, None, Verdict.UNDECIDED)
    spread = (stdev(above) ** 2 + (0.0 if constant else stdev(below) ** 2)) ** 0.5
    verdict = Verdict.UNDECIDED
    if min(above) > max(below):
        verdict = Verdict.HOLDS
    elif max(above) < min(below):
        verdict = Verdict.DOES_NOT_HOLD
    return Comparison(higher, lower, metric, difference, spread, verdict)


def in_words(comparisons: Sequence[Comparison]) -> str:
    """Which of the comparisons came out how, in one line; with the metric where there are several."""
    parts = []
    several = len({one.metric for one in comparisons}) > 1
    for verdict in Verdict:
        names = [
            f"{one.higher} ({one.metric})" if several else one.higher for one in comparisons if one.verdict is verdict
        ]
        if names:
            parts.append(f"{verdict.value} for {', '.join(names)}")
    return "; ".join(parts)


def together(comparisons: Sequence[Comparison]) -> Verdict:
    """A statement made of several comparisons: it holds where all do, and does not hold where any does not."""
    verdicts = {comparison.verdict for comparison in comparisons}
    if Verdict.DOES_NOT_HOLD in verdicts:
        return Verdict.DOES_NOT_HOLD
    return Verdict.HOLDS if verdicts == {Verdict.HOLDS} else Verdict.UNDECIDED
