"""The network, seen from outside."""

import numpy as np
import pytest
import torch
from numpy_subject import BLOCKS, Narrow, Reference, assert_only


class HalfStride(Reference):
    def logits(self, lightness):
        return super().logits(lightness)[:, :, ::2, ::2]


class SmallOutput(Reference):
    def output(self, lightness):
        return self.logits(lightness)


class Lighter(Reference):
    def parameter_count(self):
        return 32_230_393


class Undilated(Reference):
    def network(self):
        blocks = [(width, number, stride, 1) for width, number, stride, _ in BLOCKS]
        return Narrow(blocks=blocks).eval()


class NormFirst(Reference):
    def network(self):
        return Narrow(norm_first=True).eval()


class NormOnLogits(Reference):
    def network(self):
        return Narrow(norm_last=True).eval()


class Training(Reference):
    """The network is asked in training mode."""

    def logits(self, lightness):
        network = Narrow().train()
        with torch.no_grad():
            return network(torch.from_numpy(lightness)).numpy()


class Dropout(Reference):
    def __init__(self, points):
        super().__init__(points)
        self.source = np.random.default_rng(1)

    def logits(self, lightness):
        return self.source.normal(size=super().logits(lightness).shape)


CASES = [
    (HalfStride, {"network.stride": 8}),
    (Undilated, {"network.field": 253, "network.dilated": 0}),
    (NormFirst, {"network.norm_place": "2 of 7 after ReLU"}),  # behind halvings that leave one sign only
    (NormOnLogits, {"network.norms": 8, "network.norm_place": "7 of 8 after ReLU"}),
    (Training, {"network.company": ...}),
    (Dropout, {"network.repeat": ..., "network.company": ...}),
    (SmallOutput, {"network.output": "16×24"}),
    (Lighter, {"network.parameters": 32_230_393}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)
