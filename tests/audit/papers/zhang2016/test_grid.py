"""The set of bins."""

import pytest
from numpy_subject import FULL, OtherOrder, Reference, assert_only


class NoGamutTest(Reference):
    """Clipping before the gamut test: everything passes it."""

    def __init__(self, _points):
        super().__init__(FULL)


CASES = [
    (NoGamutTest, {"bins.count": 484, "bins.sha256": ..., "bins.beyond": 171, "network.channels": 484}),
    (OtherOrder, {"bins.sha256": ...}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)
