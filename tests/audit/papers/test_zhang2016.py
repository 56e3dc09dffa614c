"""Probes against subjects that are right, and against subjects that have the bugs of real reimplementations."""

import numpy as np
import pytest
import torch
from numpy_subject import BLOCKS, FULL, PAPER, Narrow, OtherOrder, Reference, check, failing, with_values

from audit.model import Verdict
from audit.papers import reference


class NoGamutTest(Reference):
    """Clipping before the gamut test: everything passes it."""

    def __init__(self, _points):
        super().__init__(FULL)


class HardTarget(Reference):
    k = 1


class NarrowKernel(Reference):
    sigma = 0.5


class Precedence(Reference):
    """exp(−d² / 2 * σ²) for exp(−d² / (2 σ²))."""

    def kernel(self, squared):
        return np.exp(-squared / 2 * self.sigma**2)


class NotNormalised(Reference):
    def encode(self, ab):
        return super().encode(ab) * 2


class NotNearest(Reference):
    """Half a bin of shift, as rounding down instead of to the nearest gives."""

    def encode(self, ab):
        return super().encode(ab - 5.0)


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


class HalfStride(Reference):
    def logits(self, lightness):
        return super().logits(lightness)[:, :, ::2, ::2]


class SmallOutput(Reference):
    def output(self, lightness):
        return self.logits(lightness)


class Lighter(Reference):
    def parameter_count(self):
        return 32_230_393


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


def test_a_right_implementation_agrees_in_every_row():
    result = check(Reference)
    assert result.verdict is Verdict.PASS, result.message
    assert len(result.rows) == len(PAPER.parameters)


CASES = [
    (NoGamutTest, {"bins.count": 484, "bins.sha256": ..., "bins.beyond": 171, "network.channels": 484}),
    (OtherOrder, {"bins.sha256": ...}),
    (HardTarget, {"encoding.neighbours": 1, "encoding.sigma": "nan"}),
    (NarrowKernel, {"encoding.sigma": 0.5}),
    (with_values(sigma=6.0), {"encoding.sigma": 6.0}),
    (with_values(k=10), {"encoding.neighbours": 10}),
    (NotNormalised, {"encoding.total": 2.0}),
    (NotNearest, {"encoding.nearest": ..., "encoding.sigma": ..., "loss.lookup": ...}),
    (SmoothedList, {"prior.sigma": ..., "prior.isotropy": ...}),
    (NotSmoothed, {"prior.sigma": 0.0}),
    (Counts, {"prior.total": 1e6}),
    (with_values(smoothing=10.0), {"prior.sigma": 10.0}),
    (DividedByMean, {"weights.mean": ...}),
    (ConstantWeights, {"weights.lambda": 1.0}),
    (PureInverse, {"weights.lambda": 0.0}),
    (with_values(lam=0.25), {"weights.lambda": 0.25}),
    (NoMaximum, {"decoding.stability": 0.0, "decoding.shift": "nan"}),
    (Mode, {"decoding.temperature": 0.0}),
    (PlainMean, {"decoding.temperature": 1.0}),
    (ColdTraining, {"loss.temperature": 0.38}),
    (MeanOverPixels, {"loss.scale": ...}),
    (UnusedWeights, {"loss.lookup": ...}),
    (with_values(rate=1e-3), {"optimiser.learning_rate": 1e-3}),
    (with_values(beta1=0.5), {"optimiser.beta1": 0.5}),
    (with_values(beta2=0.999), {"optimiser.beta2": 0.999}),
    (with_values(decay=5e-4), {"optimiser.weight_decay": 5e-4}),
    (NoDecay, {"optimiser.weight_decay": 0.0, "optimiser.coupling": "none"}),
    (Decoupled, {"optimiser.coupling": "decoupled"}),
    (Sgd, {"optimiser.beta2": "nan", "optimiser.epsilon": ..., "optimiser.correction": ...,
           "optimiser.learning_rate": ...}),
    (HalfStride, {"network.stride": 8}),
    (ByteLab, {"lab.conversion": ..., "input.lightness": ..., "input.centre": ..., "input.scale": ...}),
    (Luma, {"input.lightness": ..., "input.centre": ..., "input.scale": ...}),
    (NotCentred, {"input.centre": 0.0}),
    (Scaled, {"input.scale": 0.01}),
    (Averaged, {"targets.source": "16 of 16 pixels"}),
    (OtherPixel, {"targets.source": "pixel (2, 2)"}),
    (EveryEighth, {"targets.stride": 8}),
    (HardLoss, {"loss.target": ...}),
    (SummedBatch, {"loss.divisor": 4.0}),
    (NoPermute, {"loss.layout": ..., "loss.divisor": ..., "masking.threshold": ...}),
    (NothingMasked, {"masking.threshold": 0.0}),
    (with_values(threshold=8.0), {"masking.threshold": 8.0}),
    (PixelMask, {"masking.unit": "pixel"}),
    (NoCorrection, {"optimiser.correction": ..., "optimiser.epsilon": 1e-7}),
    (LargeEpsilon, {"optimiser.epsilon": 1e-4}),
    (with_values(drops=(215_000, 430_000), factors=(1.0, 0.316, 0.1)),
     {"schedule.steps": "215000, 430000", "schedule.second": 0.316}),
    (with_values(drops=(300_000,), factors=(1.0, 0.1)),
     {"schedule.steps": "300000", "schedule.second": 0.1, "schedule.third": "none"}),
    (Cosine, {"schedule.steps": "continuous", "schedule.second": "continuous", "schedule.third": "continuous"}),
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
    result = check(kind)
    measured = failing(result)
    assert result.verdict is Verdict.FAIL
    assert set(measured) == set(expected)
    for row, value in expected.items():
        if value is not ...:
            assert measured[row] == (pytest.approx(value, rel=2e-3, abs=1e-9) if isinstance(value, float) else value)


def test_each_known_bug_is_named_with_its_size():
    def value(kind, row):
        return failing(check(kind))[row]

    assert 0.01 < value(DividedByMean, "weights.mean") < 0.5
    assert value(SmoothedList, "prior.isotropy") < 0.2
    assert value(MeanOverPixels, "loss.scale") == pytest.approx(1 / 61, abs=1e-3)
    assert value(UnusedWeights, "loss.lookup") < 0.1


def test_a_number_of_neighbours_that_varies_is_no_k():
    class WithinRadius(Reference):
        def encode(self, ab):
            squared = ((ab[:, None] - self.points[None]) ** 2).sum(2)
            target = np.where(squared < 12**2, self.kernel(squared), 0.0)
            return target / target.sum(1, keepdims=True)

    assert failing(check(WithinRadius)) == {"encoding.neighbours": "4 to 6"}


def test_operator_precedence_shows_as_a_width_of_a_fifth():
    measured = failing(check(Precedence))
    assert measured["encoding.sigma"] == pytest.approx(0.2, abs=1e-3)
    # Five weights cannot be told from four when the fifth underflows: K stays open and is no pass.
    assert set(measured) <= {"encoding.sigma", "encoding.neighbours"}


def test_what_the_subject_lacks_is_unknown_and_never_a_pass():
    result = check(lambda _points: object())
    assert {row.verdict for row in result.rows} == {Verdict.UNKNOWN}
    assert result.verdict is Verdict.UNKNOWN


def test_a_part_that_is_not_implemented_is_unknown():
    class Partial(Reference):
        def decode(self, logits):
            raise NotImplementedError

    verdicts = {row.id: row.verdict for row in check(Partial).rows}
    assert verdicts["decoding.temperature"] is Verdict.UNKNOWN
    assert verdicts["encoding.sigma"] is Verdict.PASS


def test_a_subject_that_raises_is_an_error_in_its_rows_and_the_others_go_on():
    class Broken(Reference):
        def class_weights(self, _prior):
            raise RuntimeError("no weights today")

    verdicts = {row.id: row.verdict for row in check(Broken).rows}
    assert {row for row, verdict in verdicts.items() if verdict is Verdict.ERROR} == {"weights.lambda", "weights.mean"}
    assert verdicts["bins.count"] is Verdict.PASS


def test_a_wrong_shape_is_an_error_that_says_both_shapes():
    class Transposed(Reference):
        def decode(self, logits):
            return super().decode(logits).T

    row = next(row for row in check(Transposed).rows if row.id == "decoding.temperature")
    assert row.verdict is Verdict.ERROR
    assert "2×61" in row.message
    assert "any" not in row.message


def test_a_known_deviation_passes_only_where_it_is_accepted():
    kind = with_values(k=10)
    assert check(kind).verdict is Verdict.FAIL
    assert "released-k" in check(kind).message
    accepted = check(kind, accept=["released-k"])
    assert accepted.verdict is Verdict.DEVIATION
    assert "as agreed" in accepted.message


def test_accepting_one_deviation_does_not_cover_another_value():
    assert check(with_values(k=7), accept=["released-k"]).verdict is Verdict.FAIL
