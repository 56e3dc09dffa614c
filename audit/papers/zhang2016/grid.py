"""The bins: how many, which, in which order."""

import hashlib

import numpy as np

from audit.papers.probe import Array, Measured, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.subject import Subject


def bins(subject: Subject) -> Array:
    """The subject's bins, Q×2 float64."""
    return checked(part(subject, "bins")(), (None, 2), "bins()")


def count(subject: Subject) -> Measured:
    """Q."""
    return Measured(len(bins(subject)), call="len(bins())")


def digest(subject: Subject) -> Measured:
    """sha256 of the points as little-endian int64, C order: says whether it is the paper's set in the paper's order."""
    points = bins(subject)
    whole = np.rint(points)
    value = hashlib.sha256(np.ascontiguousarray(whole.astype("<i8")).tobytes()).hexdigest()
    note = "" if np.array_equal(points, whole) else "the points are not whole numbers; they were rounded"
    sorted_points = whole[np.lexsort((whole[:, 1], whole[:, 0]))]
    if not np.array_equal(sorted_points, whole):
        note = "not in the paper's order: a ascending, then b"
    return Measured(value, call="sha256 of bins() as int64", note=note)
