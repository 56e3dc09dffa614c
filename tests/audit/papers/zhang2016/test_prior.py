"""The prior's smoothing and the class weights."""

import numpy as np
import pytest
from numpy_subject import Reference, assert_only, row, with_values


class SmoothedList(Reference):
    """A Gaussian over the list of bins instead of the plane."""

    def smooth_prior(self, counts):
        place = np.arange(len(counts))
        kernel = np.exp(-((place[:, None] - place[None]) ** 2) / (2 * self.smoothing**2))
        smoothed = kernel @ counts
        return smoothed / smoothed.sum()


class NotSmoothed(Reference):
    def smooth_prior(self, counts):
        return counts / counts.sum()


class Counts(Reference):
    def smooth_prior(self, counts):
        return super().smooth_prior(counts) * counts.sum()


class DividedByMean(Reference):
    def class_weights(self, prior):
        weights = super().class_weights(prior)
        return weights / weights.mean()


class ConstantWeights(Reference):
    """The prior taken from the pixel's own target."""

    def class_weights(self, prior):
        return np.ones_like(prior)


class PureInverse(Reference):
    lam = 0.0


CASES = [
    (SmoothedList, {"prior.sigma": ..., "prior.isotropy": ...}),
    (NotSmoothed, {"prior.sigma": 0.0}),
    (Counts, {"prior.total": 1e6}),
    (with_values(smoothing=10.0), {"prior.sigma": 10.0}),
    (DividedByMean, {"weights.mean": ...}),
    (ConstantWeights, {"weights.lambda": 1.0}),
    (PureInverse, {"weights.lambda": 0.0}),
    (with_values(lam=0.25), {"weights.lambda": 0.25}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)


def test_known_bugs_are_named_with_their_size():
    assert 0.01 < row(DividedByMean, "weights.mean").evidence.measured < 0.5
    assert row(SmoothedList, "prior.isotropy").evidence.measured < 0.2
