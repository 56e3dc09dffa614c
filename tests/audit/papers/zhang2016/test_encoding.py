"""Soft targets."""

import numpy as np
import pytest
from numpy_subject import Reference, assert_only, check, failing, with_values


class HardTarget(Reference):
    k = 1


class NarrowKernel(Reference):
    sigma = 0.5


class Precedence(Reference):
    """exp(−d² / 2 * σ²) for exp(−d² / (2 σ²))."""

    def kernel(self, squared):
        return np.exp(-squared / 2 * self.sigma**2)


class NotNormalised(Reference):
    def encode(self, ab):
        return super().encode(ab) * 2


class NotNearest(Reference):
    """Half a bin of shift, as rounding down instead of to the nearest gives."""

    def encode(self, ab):
        return super().encode(ab - 5.0)


CASES = [
    (HardTarget, {"encoding.neighbours": 1, "encoding.sigma": "nan"}),
    (NarrowKernel, {"encoding.sigma": 0.5}),
    (with_values(sigma=6.0), {"encoding.sigma": 6.0}),
    (with_values(k=10), {"encoding.neighbours": 10}),
    (NotNormalised, {"encoding.total": 2.0}),
    (NotNearest, {"encoding.nearest": ..., "encoding.sigma": ..., "loss.lookup": ...}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)


def test_a_number_of_neighbours_that_varies_is_no_k():
    class WithinRadius(Reference):
        def encode(self, ab):
            squared = ((ab[:, None] - self.points[None]) ** 2).sum(2)
            target = np.where(squared < 12**2, self.kernel(squared), 0.0)
            return target / target.sum(1, keepdims=True)

    assert failing(check(WithinRadius)) == {"encoding.neighbours": "4 to 6"}


def test_operator_precedence_shows_as_a_width_of_a_fifth():
    measured = failing(check(Precedence))
    assert measured["encoding.sigma"] == pytest.approx(0.2, abs=1e-3)
    # Five weights cannot be told from four when the fifth underflows: K stays open and is no pass.
    assert set(measured) <= {"encoding.sigma", "encoding.neighbours"}
