"""Smoothing of the prior, and the class weights that follow from it."""

import numpy as np

from audit.papers.probe import Array, Measured, line, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.subject import Subject

COUNT = 1_000_000
DELTA = f"smooth_prior({COUNT:,} pixels, all in bin (0, 0))"
STEP = 10  # ab units between bins
VISIBLE = 1e-12  # of the peak; smaller answers are rounding


def response(subject: Subject) -> tuple[Array, Array]:
    """(bins, smoothed prior) for pixels that all lie in the bin at the origin."""
    points = bins(subject)
    at_origin = (np.abs(points) < 1e-6).all(1)
    if at_origin.sum() != 1:
        raise ValueError("there is no single bin at (0, 0)")
    smoothed = part(subject, "smooth_prior")(np.where(at_origin, float(COUNT), 0.0))
    return points, checked(smoothed, (len(points),), "smooth_prior()")


def along(points: Array, smoothed: Array, axis: int) -> tuple[float, float]:
    """(σ, half the spread of its estimates) along one axis, from the ratios one and two bins away on both sides."""

    def at(steps: int) -> float:
        place = np.zeros(2)
        place[axis] = steps * STEP
        found = (np.abs(points - place) < 1e-6).all(1)
        return float(smoothed[found][0]) if found.any() else 0.0

    peak = at(0)
    estimates = []
    for steps in (-2, -1, 1, 2):
        value = at(steps)
        if value >= peak:
            return np.inf, 0.0
        if value > VISIBLE * peak:
            estimates.append(abs(steps) * STEP / np.sqrt(2 * np.log(peak / value)))
    if not estimates:
        return 0.0, 0.0
    return float(np.mean(estimates)), float(np.ptp(estimates) / 2)


def sigma(subject: Subject) -> Measured:
    """σ of the smoothing: root mean square of its widths along a and along b."""
    points, smoothed = response(subject)
    (a, spread_a), (b, spread_b) = along(points, smoothed, 0), along(points, smoothed, 1)
    value = float(np.sqrt((a**2 + b**2) / 2))
    return Measured(value, max(spread_a, spread_b), DELTA, f"along a {a:.3g}, along b {b:.3g}")


def isotropy(subject: Subject) -> Measured:
    """Width along a over width along b. Smoothing over the list of bins spreads along b only."""
    points, smoothed = response(subject)
    (a, _), (b, _) = along(points, smoothed, 0), along(points, smoothed, 1)
    value = 1.0 if a == b else float(np.divide(a, b))
    return Measured(value, 0.0, DELTA, f"along a {a:.3g}, along b {b:.3g}")


def total(subject: Subject) -> Measured:
    """Σ of the smoothed prior."""
    _, smoothed = response(subject)
    return Measured(float(smoothed.sum()), 0.0, DELTA)


def priors(points: Array) -> list[Array]:
    """Three priors like those of photographs: most pixels almost grey, every bin above zero."""
    chroma = np.sqrt((points**2).sum(1))
    shapes = [np.exp(-chroma / width) + 1e-9 for width in (8.0, 14.0, 25.0)]
    return [shape / shape.sum() for shape in shapes]


def weighted(subject: Subject) -> list[tuple[Array, Array]]:
    """(prior, weights) for each prior."""
    points = bins(subject)
    weights = part(subject, "class_weights")
    return [(p, checked(weights(p), (len(points),), "class_weights()")) for p in priors(points)]


def uniform_share(subject: Subject) -> Measured:
    """λ from 1/w = c·((1 − λ) p + λ/Q): a line in p whose intercept and slope give λ whatever c is."""
    values, errors = [], []
    for prior, weights in weighted(subject):
        inverse = 1 / weights
        fit = line(prior, inverse / np.abs(inverse).max())
        share = fit.intercept * len(prior)
        values.append(share / (share + fit.slope))
        # d(share/(share+slope)), both errors at their worst
        errors.append(
            (abs(fit.slope) * fit.intercept_error * len(prior) + abs(share) * fit.slope_error)
            / (share + fit.slope) ** 2
        )
    return Measured(float(np.mean(values)), float(np.ptp(values) / 2 + 2 * max(errors)), "class_weights(three priors)")


def mean_weight(subject: Subject) -> Measured:
    """Σ p w: of the three priors the one that is farthest from 1."""
    sums = np.array([float((prior * weights).sum()) for prior, weights in weighted(subject)])
    return Measured(float(sums[np.abs(sums - 1).argmax()]), 0.0, "class_weights(three priors)")
