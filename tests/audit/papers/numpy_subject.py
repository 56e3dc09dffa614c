"""A plain NumPy implementation of the paper for probes to be tried on, and how the tests measure a variation of it."""

import numpy as np

from audit.config import Acceptance, Subject
from audit.model import Verdict
from audit.papers import measure, spec
from colorlib.ops.grid import Grid

PAPER = spec.load("zhang2016")
POINTS = Grid.paper().points_int.numpy().astype(float)
FULL = Grid.full().points_int.numpy().astype(float)


class Reference:
    """Right in every part except the network, which is a stand-in of the right shape."""

    k, sigma, lam, smoothing, temperature = 5, 5.0, 0.5, 5.0, 0.38
    rate, beta1, beta2, decay = 3e-5, 0.9, 0.99, 1e-3
    image_pixels = 1.0

    def __init__(self, points):
        self.points = points

    def bins(self):
        return self.points

    def kernel(self, squared):
        return np.exp(-squared / (2 * self.sigma**2))

    def encode(self, ab):
        squared = ((ab[:, None] - self.points[None]) ** 2).sum(2)
        nearest = np.argsort(squared, axis=1, kind="stable")[:, : self.k]
        target = np.zeros_like(squared)
        np.put_along_axis(target, nearest, self.kernel(np.take_along_axis(squared, nearest, 1)), axis=1)
        return target / target.sum(1, keepdims=True)

    def smooth_prior(self, counts):
        squared = ((self.points[:, None] - self.points[None]) ** 2).sum(2)
        smoothed = np.exp(-squared / (2 * self.smoothing**2)) @ counts
        return smoothed / smoothed.sum()

    def class_weights(self, prior):
        weights = 1 / ((1 - self.lam) * prior + self.lam / len(prior))
        return weights / (weights * prior).sum()

    def softmax(self, logits, temperature):
        shifted = (logits - logits.max(1, keepdims=True)) / temperature
        return np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)

    def decode(self, logits):
        return self.softmax(logits, self.temperature) @ self.points

    def loss_gradient(self, logits, ab, weights):
        target = self.encode(ab)
        return weights[target.argmax(1)][:, None] * (self.softmax(logits, 1.0) - target) / self.image_pixels

    def optimiser_path(self, initial, gradients):
        theta, m, v, path = initial, 0.0, 0.0, []
        for step, raw in enumerate(gradients, start=1):
            gradient = raw + self.decay * theta
            m = self.beta1 * m + (1 - self.beta1) * gradient
            v = self.beta2 * v + (1 - self.beta2) * gradient**2
            mean, scale = m / (1 - self.beta1**step), np.sqrt(v / (1 - self.beta2**step))
            theta = theta - self.rate * mean / (scale + 1e-8)
            path.append(theta)
        return path

    def logits(self, lightness):
        n, _, h, w = lightness.shape
        return np.zeros((n, len(self.points), h // 4, w // 4))

    def output(self, lightness):
        n, _, h, w = lightness.shape
        return np.zeros((n, len(self.points), h, w))

    def parameter_count(self):
        return 32_235_385


class OtherOrder(Reference):
    def __init__(self, points):
        super().__init__(points[np.lexsort((points[:, 0], points[:, 1]))])


def with_values(**values):
    return type("Changed", (Reference,), values)


def check(kind, accept=()):
    chosen = Subject(
        name="s", adapter="m:c", accept=tuple(Acceptance(name=name, reason="as agreed") for name in accept)
    )
    return measure.check(PAPER, chosen, kind(POINTS))


def failing(result):
    return {row.id: row.evidence.measured for row in result.rows if row.verdict is not Verdict.PASS}


def row(kind, name):
    return next(row for row in check(kind).rows if row.id == name)
