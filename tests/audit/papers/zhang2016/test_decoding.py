"""The annealed mean."""

import numpy as np
import pytest
from numpy_subject import Reference, assert_only


class NoMaximum(Reference):
    """exp(q / T) in single precision without subtracting the maximum."""

    def decode(self, logits):
        powers = np.exp((logits / self.temperature).astype(np.float32))
        return powers / powers.sum(1, keepdims=True) @ self.points


class Mode(Reference):
    def decode(self, logits):
        return self.points[logits.argmax(1)]


class PlainMean(Reference):
    temperature = 1.0


CASES = [
    (NoMaximum, {"decoding.stability": 0.0, "decoding.shift": "nan"}),
    (Mode, {"decoding.temperature": 0.0}),
    (PlainMean, {"decoding.temperature": 1.0}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)
