"""The training loss, of one image and of a batch, and the grey mask."""

import numpy as np
import pytest
from numpy_subject import Reference, assert_only, row, with_values


class ColdTraining(Reference):
    """T inside the training loss."""

    def loss_gradient(self, logits, ab, weights):
        return super().loss_gradient(logits / self.temperature, ab, weights) / self.temperature


class MeanOverPixels(Reference):
    image_pixels = 61.0


class UnusedWeights(Reference):
    """The rebalanced loss is written and never used."""

    def loss_gradient(self, logits, ab, weights):
        return super().loss_gradient(logits, ab, np.ones_like(weights))


class HardLoss(Reference):
    """encode() is written and the loss uses the nearest bin alone."""

    def loss_gradient(self, logits, ab, weights):
        target = np.eye(len(self.points))[self.encode(ab).argmax(1)]
        return weights[target.argmax(1)][:, None] * (self.softmax(logits, 1.0) - target)


class SummedBatch(Reference):
    def batch_gradient(self, logits, ab, weights):
        return super().batch_gradient(logits, ab, weights) * len(logits)


class NoPermute(Reference):
    """N×Q×h×w reshaped to rows of Q without moving the channels last."""

    def batch_gradient(self, logits, ab, weights):
        n, q = logits.shape[:2]
        colours = np.moveaxis(ab, 1, -1).reshape(-1, 2)
        return self.loss_gradient(logits.reshape(-1, q), colours, weights).reshape(logits.shape) / n


class NothingMasked(Reference):
    threshold = -1.0


class PixelMask(Reference):
    def batch_gradient(self, logits, ab, weights):
        gradient = super().batch_gradient(logits, ab, weights)
        return gradient * (np.abs(ab).max(1, keepdims=True) > self.threshold)


CASES = [
    (ColdTraining, {"loss.temperature": 0.38}),
    (MeanOverPixels, {"loss.scale": ...}),
    (UnusedWeights, {"loss.lookup": ...}),
    (HardLoss, {"loss.target": ...}),
    (SummedBatch, {"loss.divisor": 4.0}),
    (NoPermute, {"loss.layout": ..., "loss.divisor": ..., "masking.threshold": ...}),
    (NothingMasked, {"masking.threshold": 0.0}),
    (with_values(threshold=8.0), {"masking.threshold": 8.0}),
    (PixelMask, {"masking.unit": "pixel"}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)


def test_known_bugs_are_named_with_their_size():
    assert row(MeanOverPixels, "loss.scale").evidence.measured == pytest.approx(1 / 61, abs=1e-3)
    assert row(UnusedWeights, "loss.lookup").evidence.measured < 0.1
