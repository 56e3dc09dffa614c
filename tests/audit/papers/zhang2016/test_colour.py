"""Lab, the network's input and its targets."""

import numpy as np
import pytest
from numpy_subject import Narrow, Reference, assert_only

from audit.papers import reference


class ByteLab(Reference):
    """Lab computed from floats in 0..255, where the formulas expect 0..1."""

    def rgb_to_lab(self, rgb):
        return reference.lab(np.asarray(rgb, dtype=float) * 255)


class Luma(Reference):
    """Grey luma as the input in place of L."""

    def training_pair(self, rgb):
        luma = np.tensordot([0.299, 0.587, 0.114], rgb / 255, axes=(0, 1))[:, None] * 100
        return luma, super().training_pair(rgb)[1]


class NotCentred(Reference):
    def network(self):
        return Narrow(centre=0.0).eval()


class Scaled(Reference):
    def network(self):
        return Narrow(scale=0.01).eval()


class Averaged(Reference):
    def targets(self, ab):
        n, _, height, width = ab.shape
        return ab.reshape(n, 2, height // 4, 4, width // 4, 4).mean((3, 5))


class OtherPixel(Reference):
    def targets(self, ab):
        return ab[:, :, 2::4, 2::4]


class EveryEighth(Reference):
    def targets(self, ab):
        return ab[:, :, ::8, ::8]


CASES = [
    (ByteLab, {"lab.conversion": ..., "input.lightness": ..., "input.centre": ..., "input.scale": ...}),
    (Luma, {"input.lightness": ..., "input.centre": ..., "input.scale": ...}),
    (NotCentred, {"input.centre": 0.0}),
    (Scaled, {"input.scale": 0.01}),
    (Averaged, {"targets.source": "16 of 16 pixels"}),
    (OtherPixel, {"targets.source": "pixel (2, 2)"}),
    (EveryEighth, {"targets.stride": 8}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)
