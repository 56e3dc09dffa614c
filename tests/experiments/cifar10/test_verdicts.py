import pytest

from experiments.cifar10.verdicts import Comparison, Verdict, compare, together


@pytest.mark.parametrize(
    ("above", "below", "verdict"),
    [
        ([3.0, 4.0, 5.0], [0.0, 1.0, 2.0], Verdict.HOLDS),
        ([0.0, 1.0, 2.0], [3.0, 4.0, 5.0], Verdict.DOES_NOT_HOLD),
        ([1.0, 4.0, 5.0], [0.0, 2.0, 3.0], Verdict.UNDECIDED),
        ([1.0, 2.0], [1.0, 0.0], Verdict.UNDECIDED),  # a tie is no difference
        ([9.0], [0.0, 1.0], Verdict.UNDECIDED),
        ([9.0, 8.0], [1.0], Verdict.UNDECIDED),
        ([], [1.0, 2.0], Verdict.UNDECIDED),
    ],
)
def test_only_seeds_that_do_not_overlap_decide(above: list[float], below: list[float], verdict: Verdict) -> None:
    assert compare("A", above, "B", below, "auc").verdict is verdict


def test_difference_and_spread() -> None:
    found = compare("A", [5.0, 7.0], "B", [1.0, 2.0], "auc")
    assert found.difference == pytest.approx(4.5)
    assert found.spread == pytest.approx((2.0 + 0.5) ** 0.5)  # variances 2 and 1/2
    assert compare("A", [5.0], "B", [1.0, 2.0], "auc").spread is None
    assert compare("A", [], "B", [1.0, 2.0], "auc").difference is None


def test_a_constant_needs_no_seeds() -> None:
    found = compare("A", [5.0, 7.0], "grey", [1.0], "auc", constant=True)
    assert found.verdict is Verdict.HOLDS
    assert found.spread == pytest.approx(2.0**0.5)


def test_a_statement_is_as_strong_as_its_weakest_comparison() -> None:
    def one(verdict: Verdict) -> Comparison:
        return Comparison("A", "B", "auc", 1.0, 0.1, verdict)

    holds, fails, undecided = one(Verdict.HOLDS), one(Verdict.DOES_NOT_HOLD), one(Verdict.UNDECIDED)
    assert together([holds, holds]) is Verdict.HOLDS
    assert together([holds, undecided]) is Verdict.UNDECIDED
    assert together([holds, undecided, fails]) is Verdict.DOES_NOT_HOLD
    assert together([]) is Verdict.UNDECIDED
