import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint import FootprintError, largest


@given(
    fixed=st.integers(0, 10_000), flat=st.integers(0, 30_000), slope=st.integers(1, 500), power=st.integers(1, 2),
    budget=st.integers(0, 10**6), upper=st.integers(1, 3000), multiple=st.integers(1, 40),
)  # fmt: skip
def test_the_answer_fits_and_the_next_does_not(fixed, flat, slope, power, budget, upper, multiple):
    def bytes_of(n):  # the larger of a flat part and a growing one, as training is
        return max(flat, fixed + slope * n**power)

    upper = max(upper, multiple)
    found = largest(bytes_of, budget, upper, multiple, power)
    assert found % multiple == 0
    assert 0 <= found <= upper
    if found:
        assert bytes_of(found) <= budget
    if found + multiple <= upper:
        assert bytes_of(found + multiple) > budget


@pytest.mark.parametrize(("power", "most"), [(1, 7), (2, 8)])
def test_few_tries_are_enough(power, most):
    tries = []

    def bytes_of(n):
        tries.append(n)
        return max(150, 100 + n**power)

    assert largest(bytes_of, 100 + 500**power, 10_000, power=power) == 500
    assert len(tries) <= most
    assert len(tries) == len(set(tries))


@pytest.mark.parametrize(("upper", "multiple"), [(0, 1), (5, 8), (5, 0)])
def test_an_empty_range_is_refused(upper, multiple):
    with pytest.raises(FootprintError, match="1 ≤ multiple ≤ upper"):
        largest(lambda n: n, 10, upper, multiple)
