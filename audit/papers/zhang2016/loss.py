"""The training loss, by its gradient: s·w·(softmax(z / T) − target) / T."""

import numpy as np

from audit.papers.probe import Array, Measured, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.decoding import contest, share_line
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.subject import Subject

PIXELS = 61


def one_image(subject: Subject, logits: Array, ab: Array, weights: Array) -> Array:
    """Gradient of the loss of one image of M pixels, M×Q, by loss_gradient() or else by batch_gradient()."""
    alone = getattr(subject, "loss_gradient", None) is not None or getattr(subject, "batch_gradient", None) is None
    if alone:
        return checked(part(subject, "loss_gradient")(logits, ab, weights), logits.shape, "loss_gradient()")
    maps = (np.ascontiguousarray(rows.T)[None, :, :, None] for rows in (logits, ab))  # 1×C×M×1
    shape = (1, logits.shape[1], logits.shape[0], 1)
    gradient = checked(part(subject, "batch_gradient")(*maps, weights), shape, "batch_gradient()")
    return np.asarray(gradient[0, :, :, 0].T)  # M×Q


def gradients(subject: Subject, weights: Array, ab: Array) -> tuple[Array, Array, Array]:
    """(gradient at the first bin, at the second, logit gaps) where the target has nothing in either bin."""
    points = bins(subject)
    first, second = far_bins(points, ab)
    gaps = np.linspace(-1.5, 1.5, len(ab))
    logits = contest(len(points), first, second, gaps)
    gradient = one_image(subject, logits, ab, weights)
    return gradient[:, first], gradient[:, second], gaps


def far_bins(points: Array, ab: Array) -> tuple[int, int]:
    """The two bins that are farthest from every colour used."""
    distance = np.sqrt(((ab[:, None] - points[None]) ** 2).sum(2)).min(0)
    first, second = np.argsort(distance, kind="stable")[-2:]
    return int(first), int(second)


def near_grey() -> Array:
    """Colours well inside the grid, each nearer to one bin than to any other."""
    return np.random.default_rng(7).uniform(6.0, 14.0, (PIXELS, 2))


def temperature(subject: Subject) -> Measured:
    """T in training, where there is none: 1."""
    ab = near_grey()
    first, second, gaps = gradients(subject, np.ones(len(bins(subject))), ab)
    value, uncertainty = share_line(first / (first + second), gaps)
    return Measured(value, uncertainty, f"loss_gradient({PIXELS} pixels, two bins, equal weights)")


def scale(subject: Subject) -> Measured:
    """Gradient per pixel of one image: 1 for a sum over pixels, 1/M for a mean."""
    ab = near_grey()
    first, second, gaps = gradients(subject, np.ones(len(bins(subject))), ab)
    value, _ = share_line(first / (first + second), gaps)
    sums = (first + second) * value
    call = f"loss_gradient({PIXELS} pixels, equal weights)"
    return Measured(float(sums.mean()), float(np.ptp(sums) / 2), call)


def lookup(subject: Subject) -> Measured:
    """Share of pixels whose gradient is scaled by the weight of the heaviest bin of their target."""
    points = bins(subject)
    nodes = points[(np.abs(points) <= 30).all(1)]
    ab = nodes + np.random.default_rng(11).uniform(-4.0, 4.0, nodes.shape)
    weights = np.linspace(0.5, 2.0, len(points))
    expected = weights[((ab[:, None] - points[None]) ** 2).sum(2).argmin(1)]
    first, second, _ = gradients(subject, weights, ab)
    plain_first, plain_second, _ = gradients(subject, np.ones(len(points)), ab)
    ratio = (first + second) / (plain_first + plain_second)
    right = np.abs(ratio - expected) <= 1e-3 * expected
    return Measured(
        float(right.mean()), 0.0, f"loss_gradient({len(ab)} pixels, weights from 0.5 to 2 and equal weights)"
    )


def target(subject: Subject) -> Measured:
    """Largest difference of the target in the loss, softmax(z) − gradient, from what encode() gives."""
    ab = near_grey()
    q = len(bins(subject))
    soft = checked(part(subject, "encode")(ab), (len(ab), q), "encode()")
    gradient = one_image(subject, np.zeros((len(ab), q)), ab, np.ones(q))
    inside = 1 / q - gradient / falling(gradient)
    return Measured(float(np.abs(inside - soft).max()), 0.0, f"loss_gradient({PIXELS} pixels) and encode()")


def falling(gradient: Array) -> float:
    """The scale of a gradient s·(1/Q − Z): s/Q is what the bins without target get, and most bins are those."""
    return float(np.median(gradient) * gradient.shape[1])
