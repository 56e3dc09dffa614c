"""Adam and its learning rate over the run."""

from collections.abc import Callable

from audit.papers.adam import beta1, beta2, coupling, epsilon, learning_rate, second_step, weight_decay
from audit.papers.probe import Measured, part
from audit.papers.zhang2016.subject import Subject

__all__ = [
    "beta1", "beta2", "coupling", "epsilon", "learning_rate", "second_rate", "second_step", "third_rate",
    "weight_decay", "when_lowered",
]  # fmt: skip

STEPS = 450_000  # iterations of the paper's run
SPACING = 1_000  # steps between two looks
MOST = 10  # changes; a rate that changes more often has no steps worth naming
SAME = 1e-6  # relative difference below which two rates are the same
CALL = f"rate_at(0 … {STEPS - SPACING:,})"


def changes(subject: Subject) -> tuple[list[int], list[float]] | None:
    """(first steps of a new rate, all rates in order), or None where the rate changes all the time."""
    rate_at = part(subject, "rate_at")

    def rate(step: int) -> float:
        value = float(rate_at(step))
        if not value > 0:
            raise ValueError(f"rate_at({step}) returned {value}, expected a rate above 0")
        return value

    looks = range(0, STEPS, SPACING)
    rates = [rate(step) for step in looks]
    found = [i for i in range(1, len(rates)) if differ(rates[i], rates[i - 1])]
    if len(found) > MOST:
        return None
    return [first_change(rate, looks[i - 1], looks[i]) for i in found], [rates[0], *(rates[i] for i in found)]


def first_change(rate: Callable[[int], float], low: int, high: int) -> int:
    """The first step in (low, high] whose rate is no longer that of `low`, by bisection."""
    start = rate(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if differ(rate(middle), start) else (middle, high)
    return high


def differ(first: float, second: float) -> bool:
    """Whether two rates are not the same."""
    return abs(first - second) > SAME * max(abs(first), abs(second))


def when_lowered(subject: Subject) -> Measured:
    """The iterations from which the rate is another one, as text; "continuous" where there are no steps."""
    found = changes(subject)
    if found is None:
        return Measured("continuous", call=CALL)
    return Measured(", ".join(map(str, found[0])) or "never", call=CALL)


def share(subject: Subject, which: int) -> Measured:
    """A rate of the steps over the first one."""
    found = changes(subject)
    if found is None:
        return Measured("continuous", call=CALL)
    rates = found[1]
    if len(rates) <= which:
        return Measured("none", call=CALL, note=f"the rate takes {len(rates)} values")
    return Measured(rates[which] / rates[0], call=CALL)


def second_rate(subject: Subject) -> Measured:
    """The rate after the first change over the rate at the start."""
    return share(subject, 1)


def third_rate(subject: Subject) -> Measured:
    """The rate after the second change over the rate at the start."""
    return share(subject, 2)
