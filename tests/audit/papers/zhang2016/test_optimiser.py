"""Adam and its learning rate."""

import numpy as np
import pytest
from numpy_subject import Reference, assert_only, with_values


class Decoupled(Reference):
    def optimiser_path(self, initial, gradients):
        theta, path = initial, []
        plain = Reference(self.points)
        plain.decay = 0.0
        for step in range(1, len(gradients) + 1):
            moved = plain.optimiser_path(np.zeros_like(initial), gradients[:step])
            before = plain.optimiser_path(np.zeros_like(initial), gradients[: step - 1])[-1] if step > 1 else 0.0
            theta = theta - self.rate * self.decay * theta + moved[-1] - before
            path.append(theta)
        return path


class NoDecay(Reference):
    decay = 0.0


class Sgd(Reference):
    def optimiser_path(self, initial, gradients):
        theta, momentum, path = initial, 0.0, []
        for gradient in gradients:
            momentum = self.beta1 * momentum + gradient + self.decay * theta
            theta = theta - self.rate * momentum
            path.append(theta)
        return path


class NoCorrection(Reference):
    """Adam that forgets that its moments start at zero."""

    def optimiser_path(self, initial, gradients):
        theta, m, v, path = initial, 0.0, 0.0, []
        for raw in gradients:
            gradient = raw + self.decay * theta
            m = self.beta1 * m + (1 - self.beta1) * gradient
            v = self.beta2 * v + (1 - self.beta2) * gradient**2
            theta = theta - self.rate * m / (np.sqrt(v) + 1e-8)
            path.append(theta)
        return path


class LargeEpsilon(Reference):
    epsilon = 1e-4


class Cosine(Reference):
    def rate_at(self, step):
        return self.rate * (1 + np.cos(np.pi * step / 450_001)) / 2


CASES = [
    (with_values(rate=1e-3), {"optimiser.learning_rate": 1e-3}),
    (with_values(beta1=0.5), {"optimiser.beta1": 0.5}),
    (with_values(beta2=0.999), {"optimiser.beta2": 0.999}),
    (with_values(decay=5e-4), {"optimiser.weight_decay": 5e-4}),
    (NoDecay, {"optimiser.weight_decay": 0.0, "optimiser.coupling": "none"}),
    (Decoupled, {"optimiser.coupling": "decoupled"}),
    (
        Sgd,
        {
            "optimiser.beta2": "nan",
            "optimiser.epsilon": ...,
            "optimiser.correction": ...,
            "optimiser.learning_rate": ...,
        },
    ),
    (NoCorrection, {"optimiser.correction": ..., "optimiser.epsilon": 1e-7}),
    (LargeEpsilon, {"optimiser.epsilon": 1e-4}),
    (
        with_values(drops=(215_000, 430_000), factors=(1.0, 0.316, 0.1)),
        {"schedule.steps": "215000, 430000", "schedule.second": 0.316},
    ),
    (
        with_values(drops=(300_000,), factors=(1.0, 0.1)),
        {"schedule.steps": "300000", "schedule.second": 0.1, "schedule.third": "none"},
    ),
    (Cosine, {"schedule.steps": "continuous", "schedule.second": "continuous", "schedule.third": "continuous"}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    assert_only(kind, expected)
