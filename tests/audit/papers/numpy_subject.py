"""A plain NumPy implementation of the paper for probes to be tried on, and how the tests measure a variation of it."""

from functools import cache

import numpy as np
import pytest
import torch

from audit.config import Acceptance, Subject
from audit.model import Verdict, weakest
from audit.papers import measure, reference, spec
from colorlib.ops.grid import Grid

PAPER = spec.load("zhang2016")
POINTS = Grid.paper().points_int.numpy().astype(float)
FULL = Grid.full().points_int.numpy().astype(float)


# Output channels, convolutions, stride of the last one, dilation of the paper's blocks, 2 channels wide.
BLOCKS = ((2, 2, 2, 1), (2, 2, 2, 1), (2, 3, 2, 1), (2, 3, 1, 1), (2, 3, 1, 2), (2, 3, 1, 2), (2, 3, 1, 1))


class Narrow(torch.nn.Module):
    """The paper's layers with almost no channels."""

    def __init__(self, blocks=BLOCKS, centre=50.0, scale=1.0, norm_first=False, norm_last=False):
        super().__init__()
        self.centre, self.scale = centre, scale
        layers, channels = [], 1
        for width, convolutions, stride, dilation in blocks:
            for index in range(convolutions):
                step = stride if index == convolutions - 1 else 1
                layers += [torch.nn.Conv2d(channels, width, 3, step, dilation, dilation), torch.nn.ReLU()]
                channels = width
            layers.insert(len(layers) - norm_first, torch.nn.BatchNorm2d(width))
        layers += [torch.nn.ConvTranspose2d(channels, 4, 4, 2, 1), torch.nn.ReLU()]
        layers += [torch.nn.Conv2d(4, 4, 3, 1, 1), torch.nn.ReLU()] * 2
        layers += [torch.nn.Conv2d(4, 313, 1), *([torch.nn.BatchNorm2d(313)] if norm_last else [])]
        self.layers = torch.nn.Sequential(*layers)
        generator = torch.Generator().manual_seed(2)
        for layer in self.layers:
            if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                # Even channels have positive filters, so that no pixel is lost on the way; odd ones negative.
                weight = layer.weight.data.transpose(0, 1) if layer.transposed else layer.weight.data
                weight.uniform_(0.01, 1.0, generator=generator)
                weight /= weight[:1].sum()
                weight[1::2] *= -1
                torch.nn.init.constant_(layer.bias, 0.1)

    def forward(self, lightness):
        return self.layers((lightness - self.centre) * self.scale)


class Reference:
    """Right in every part; the network's layers are the paper's, though narrow, and its numbers are only said."""

    k, sigma, lam, smoothing, temperature = 5, 5.0, 0.5, 5.0, 0.38
    rate, beta1, beta2, decay = 3e-5, 0.9, 0.99, 1e-3
    image_pixels = 1.0
    drops, factors = (200_000, 375_000), (1.0, 1 / 3, 0.1)
    threshold, epsilon = 5.0, 1e-8

    def __init__(self, points):
        self.points = points

    def rgb_to_lab(self, rgb):
        return reference.lab(rgb)

    def training_pair(self, rgb):
        lab = np.moveaxis(self.rgb_to_lab(np.moveaxis(rgb, 1, -1)), -1, 1)
        return lab[:, :1], self.targets(lab[:, 1:])

    def targets(self, ab):
        return ab[:, :, ::4, ::4]

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

    def counts(self, ab):
        return np.abs(ab).max((1, 2, 3)) > self.threshold

    def batch_gradient(self, logits, ab, weights):
        n, q, height, width = logits.shape
        gradient = np.zeros_like(logits)
        for i in np.flatnonzero(self.counts(ab)):
            rows = self.loss_gradient(logits[i].reshape(q, -1).T, ab[i].reshape(2, -1).T, weights)
            gradient[i] = rows.T.reshape(q, height, width) / n
        return gradient

    def rate_at(self, step):
        return self.rate * self.factors[np.searchsorted(self.drops, step, side="right")]

    def network(self):
        torch.manual_seed(1)
        return Narrow().eval()

    def optimiser_path(self, initial, gradients):
        theta, m, v, path = initial, 0.0, 0.0, []
        for step, raw in enumerate(gradients, start=1):
            gradient = raw + self.decay * theta
            m = self.beta1 * m + (1 - self.beta1) * gradient
            v = self.beta2 * v + (1 - self.beta2) * gradient**2
            mean, scale = m / (1 - self.beta1**step), np.sqrt(v / (1 - self.beta2**step))
            theta = theta - self.rate * mean / (scale + self.epsilon)
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
    parameter = next(parameter for parameter in PAPER.parameters if parameter.id == name)
    return measure.row(PAPER, parameter, kind(POINTS), {})


@cache
def parts():
    """What each parameter's probe asks of a subject, directly or through other parts: {parameter: names}."""
    asked = set()

    class Recording(Reference):
        def __getattribute__(self, name):
            asked.add(name)
            return super().__getattribute__(name)

    found = {}
    for parameter in PAPER.parameters:
        asked.clear()
        assert row(Recording, parameter.id).verdict is Verdict.PASS
        found[parameter.id] = frozenset(asked)
    return found


def touched(kind):
    """The parameters that a variation can change: those whose probes ask for something that it defines."""
    own = {name for one in kind.__mro__[: kind.__mro__.index(Reference)] for name in vars(one)}
    return [name for name, asked in parts().items() if "__init__" in own or own & asked]


def assert_only(kind, expected):
    """The subject fails in these rows and in no other, by these values; `...` stands for any."""
    rows = [row(kind, name) for name in touched(kind)]
    wrong = {item.id: item for item in rows if item.verdict is not Verdict.PASS}
    assert set(wrong) == set(expected)
    assert weakest(item.verdict for item in rows) is Verdict.FAIL
    for name, value in expected.items():
        if value is not ...:
            near = pytest.approx(value, rel=2e-3, abs=1e-9) if isinstance(value, float) else value
            assert wrong[name].evidence.measured == near
