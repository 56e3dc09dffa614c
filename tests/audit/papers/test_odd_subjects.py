"""Probes against subjects that nobody would write, and somebody will."""

import numpy as np
from numpy_subject import OtherOrder, Reference, row

from audit.model import Verdict


def test_odd_subjects_are_errors_that_say_what_is_wrong():
    class Ascending(Reference):
        def optimiser_path(self, initial, gradients):
            return [initial - step for step in np.subtract(super().optimiser_path(initial, gradients), initial)]

    class Forgetful(Reference):
        def optimiser_path(self, initial, gradients):
            return super().optimiser_path(initial, gradients)[:-1]

    class Flat(Reference):
        def logits(self, lightness):
            return super().logits(lightness)[0]

    class Undefined(Reference):
        def output(self, lightness):
            return super().output(lightness) + np.nan

        def encode(self, ab):
            return super().encode(ab) * np.nan

    class Shifted(Reference):
        def __init__(self, points):
            super().__init__(points + 0.5)

    class Sparse(Reference):
        def __init__(self, points):
            super().__init__(points[::7])

    for kind, name, words in (
        (Ascending, "optimiser.weight_decay", "does not raise the parameter"),
        (Forgetful, "optimiser.beta1", "after each step"),
        (Flat, "network.stride", "expected 1×Q×h×w"),
        (Undefined, "network.output", "NaN or infinity"),
        (Undefined, "encoding.sigma", "NaN or infinity"),
        (Shifted, "prior.sigma", "no single bin at (0, 0)"),
        (Sparse, "encoding.sigma", "nothing to measure"),
    ):
        assert row(kind, name).verdict is Verdict.ERROR
        assert words in row(kind, name).message
    assert "not whole numbers" in row(Shifted, "bins.sha256").message
    assert "not in the paper's order" in row(OtherOrder, "bins.sha256").message


def test_behaviour_without_the_number_in_question_fails():
    class Growing(Reference):
        def encode(self, ab):
            target = super().encode(ab)
            squared = ((ab[:, None] - self.points[None]) ** 2).sum(2)
            return np.where(target > 0, squared, 0.0)

    class Deaf(Reference):
        def decode(self, logits):
            return np.tile(self.points.mean(0), (len(logits), 1))

    class Spread(Reference):
        def smooth_prior(self, counts):
            return np.full_like(counts, 1 / len(counts))

    class Undefined(Reference):
        def decode(self, logits):
            return np.full((len(logits), 2), np.nan)

    class Jump(Reference):
        def optimiser_path(self, initial, gradients):
            return [initial - 1e-3 * (step + 1) for step in range(len(gradients))]

    class Uneven(Reference):
        def logits(self, lightness):
            return super().logits(lightness)[:, :, :-1]

    for kind, name, value in (
        (Growing, "encoding.sigma", "nan"),
        (Deaf, "decoding.temperature", "inf"),
        (Spread, "prior.sigma", "inf"),
        (Undefined, "decoding.temperature", "nan"),
        (Jump, "optimiser.beta1", "nan"),
        (Uneven, "network.stride", 0),
    ):
        found = row(kind, name)
        assert found.verdict is Verdict.FAIL, (kind, found)
        assert found.evidence.measured == value
