import pytest

from colorlib.training.schedule import learning_rate
from colorlib.training.settings import ScheduleSettings

PAPER = ScheduleSettings(kind="paper")


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 3e-5), (199_999, 3e-5), (200_000, 1e-5), (374_999, 1e-5), (375_000, 3e-6), (449_999, 3e-6)],
)
def test_the_papers_three_rates(step: int, expected: float) -> None:
    assert learning_rate(step, 450_000, 3e-5, PAPER) == pytest.approx(expected, rel=1e-12)


def test_another_peak_keeps_the_papers_proportions() -> None:
    assert learning_rate(400_000, 450_000, 1e-3, PAPER) == pytest.approx(1e-4)


def test_cosine_rises_from_near_zero_to_the_peak_and_falls_to_near_zero() -> None:
    settings = ScheduleSettings(kind="cosine", warmup=0.1)
    rates = [learning_rate(step, 100, 1.0, settings) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 11)
    assert rates[10] == max(rates) == 1.0
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.001
