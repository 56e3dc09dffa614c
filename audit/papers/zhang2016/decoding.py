"""The annealed mean: its temperature, and whether it survives large logits."""

import numpy as np

from audit.papers.probe import Array, Measured, line, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.subject import Subject

LARGE = 1e4
OFF = -300.0  # a logit that leaves nothing to a bin


def pair(points: Array) -> tuple[int, int]:
    """Two bins that lie far apart in a."""
    return int(points[:, 0].argmin()), int(points[:, 0].argmax())


def contest(q: int, first: int, second: int, gaps: Array) -> Array:
    """Logits M×Q in which only two bins count, the first ahead by the given gaps."""
    logits = np.full((len(gaps), q), OFF)
    logits[:, first] = gaps
    logits[:, second] = 0.0
    return logits


def share_line(share: Array, gaps: Array) -> tuple[float, float]:
    """T and its uncertainty from share = 1 / (1 + exp(−gap / T)): log(share / (1 − share)) is a line of slope 1/T."""
    inner = (share > 1e-9) & (share < 1 - 1e-9)
    if np.isnan(share).any():
        return np.nan, 0.0
    if inner.sum() < 3:
        return 0.0, 0.0  # one bin takes all: the limit T → 0
    fit = line(gaps[inner], np.log(share[inner] / (1 - share[inner])))
    if not fit.slope > 0:
        return np.inf, 0.0
    return 1 / fit.slope, 2 * fit.slope_error / fit.slope**2


def temperature(subject: Subject) -> Measured:
    """T, from how the colour moves between two bins as one logit rises."""
    points = bins(subject)
    first, second = pair(points)
    gaps = np.linspace(-1.5, 1.5, 61)
    logits = contest(len(points), first, second, gaps)
    ab = checked(part(subject, "decode")(logits), (len(gaps), 2), "decode()")
    share = (ab[:, 0] - points[second, 0]) / (points[first, 0] - points[second, 0])
    value, uncertainty = share_line(share, gaps)
    return Measured(value, uncertainty, "decode(two bins, 61 logit gaps from −1.5 to 1.5)")


def mean(subject: Subject) -> Measured:
    """Largest difference from the mean under softmax(z / T), T being the subject's own, in ab units."""
    points = bins(subject)
    own = temperature(subject).value
    assert isinstance(own, float)
    logits = np.random.default_rng(29).normal(0.0, 3.0, (64, len(points)))
    ab = checked(part(subject, "decode")(logits), (64, 2), "decode()")
    power = np.exp((logits - logits.max(1, keepdims=True)) / max(own, 1e-9))
    difference = ab - power @ points / power.sum(1, keepdims=True)
    call = f"decode(64 random rows) and the annealed mean at T = {own:.4g}"
    return Measured(float(np.abs(difference).max()), 0.0, call)


def stability(subject: Subject) -> Measured:
    """Share of single-precision logit rows of ±10,000 that decode to the colour of their one high bin."""
    points = bins(subject)
    q = len(points)
    logits = np.full((q, q), -LARGE, dtype=np.float32)
    np.fill_diagonal(logits, LARGE)
    ab = checked(part(subject, "decode")(logits), (q, 2), "decode()")
    right = np.isfinite(ab).all(1) & (np.abs(ab - points) <= 1e-3).all(1)
    return Measured(float(right.mean()), 0.0, f"decode({q} rows of ±{LARGE:,.0f}, one bin high)")


def shift(subject: Subject) -> Measured:
    """Largest change of a colour when 1,000 is added to all its logits, in ab units."""
    points = bins(subject)
    logits = np.random.default_rng(5).normal(0.0, 3.0, (64, len(points)))
    decode = part(subject, "decode")
    moved = checked(decode(logits + 1000.0), (64, 2), "decode()") - checked(decode(logits), (64, 2), "decode()")
    return Measured(float(np.abs(moved).max()), 0.0, "decode(64 random rows, and the same plus 1,000)")
