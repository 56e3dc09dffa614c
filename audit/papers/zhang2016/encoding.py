"""Soft encoding: K nearest bins, Gaussian of width σ, normalised. Everything is read from the weights."""

import numpy as np

from audit.papers.probe import Array, Measured, line, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.subject import Subject

COLOURS = 256
CALL = f"encode({COLOURS} colours near bins that lie inside the grid)"
SMALLEST = 1e-290  # weights below this are lost to underflow in float64
TIE = 1e-3  # ab units; neighbours whose distances differ by less are not told apart


def colours(points: Array) -> Array:
    """Colours without ties, around bins whose 24 neighbours all exist, so that no edge of the grid interferes."""
    known = {(a, b) for a, b in np.rint(points).astype(int).tolist()}
    steps = [(da, db) for da in (-20, -10, 0, 10, 20) for db in (-20, -10, 0, 10, 20)]
    inner = np.array([p for p in points if all((round(p[0]) + da, round(p[1]) + db) in known for da, db in steps)])
    if len(inner) == 0:
        raise ValueError("no bin has all 24 neighbours at steps of 10: nothing to measure the encoding with")
    source = np.random.default_rng(20161008)
    chosen = inner[source.integers(0, len(inner), COLOURS)]
    return np.asarray(chosen + source.uniform(-4.9, 4.9, (COLOURS, 2)))


def encoded(subject: Subject) -> tuple[Array, Array]:
    """(squared distances, weights), both M×Q."""
    points = bins(subject)
    ab = colours(points)
    weights = checked(part(subject, "encode")(ab), (len(ab), len(points)), "encode()")
    if not np.isfinite(weights).all():
        raise ValueError("encode() returned NaN or infinity")
    return ((ab[:, None] - points[None]) ** 2).sum(2), weights


def neighbours(subject: Subject) -> Measured:
    """K: bins with weight. Where σ is so small that weights underflow, K is a lower bound and stays open."""
    _, weights = encoded(subject)
    support = (weights > 0).sum(1)
    k = int(support.max())
    if support.min() == k:
        return Measured(k, 0.0, CALL)
    if lowest_visible(weights) < SMALLEST * 1e10:
        return Measured(k, np.inf, CALL, "weights underflow: there may be more")
    return Measured(f"{support.min()} to {k}", 0.0, CALL, "the number depends on the colour")


def lowest_visible(weights: Array) -> float:
    """The smallest weight that is not zero."""
    return float(weights[weights > 0].min(initial=1.0))


def nearest(subject: Subject) -> Measured:
    """Share of colours whose bins with weight are the nearest ones."""
    squared, weights = encoded(subject)
    distance = np.sqrt(squared)
    inside = np.where(weights > 0, distance, -np.inf).max(1)
    outside = np.where(weights > 0, np.inf, distance).min(1)
    return Measured(float((inside <= outside + TIE).mean()), 0.0, CALL)


def sigma(subject: Subject) -> Measured:
    """σ from log(w_i / w_j) = −(d_i² − d_j²) / 2σ²: the slope of a line through all pairs with the heaviest bin."""
    squared, weights = encoded(subject)
    heaviest = weights.argmax(1)[:, None]
    visible = weights > SMALLEST
    np.put_along_axis(visible, heaviest, False, axis=1)
    gap = (squared - np.take_along_axis(squared, heaviest, 1))[visible]
    ratio = np.log((weights / np.take_along_axis(weights, heaviest, 1))[visible])
    if len(gap) < 3:
        return Measured(np.nan, 0.0, CALL, "at most one bin has weight: there is no kernel")
    fit = line(gap, ratio)
    if not fit.slope < 0:
        return Measured(np.nan, 0.0, CALL, "weights do not fall with the distance")
    value = float(np.sqrt(-0.5 / fit.slope))
    return Measured(value, 2 * value * fit.slope_error / (2 * abs(fit.slope)), CALL)


def total(subject: Subject) -> Measured:
    """Σ of the weights of a colour: the one that is farthest from 1."""
    _, weights = encoded(subject)
    sums = weights.sum(1)
    return Measured(float(sums[np.abs(sums - 1).argmax()]), 0.0, CALL)
