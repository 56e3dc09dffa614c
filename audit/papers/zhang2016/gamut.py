"""Which bins can occur in an image, held against both grids: the paper's 313 and all 484 of the square."""

from functools import lru_cache

import numpy as np

from audit.papers.probe import Array, Measured
from audit.papers.reference import lab, surface
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.subject import Subject

STEP = 10
# The paper's bins: for each a the lowest and the highest b; between them every tenth. Their sha256 is in paper.toml.
ROWS = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100), -30: (-50, 100),
    -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90),
    50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip
LEVELS = 3  # every third level of a channel: finer ones reach the same bins of both grids


def paper_grid() -> Array:
    """313×2, a ascending, then b."""
    return np.array([(a, b) for a, (low, high) in ROWS.items() for b in range(low, high + 1, STEP)], dtype=np.float64)


def full_grid() -> Array:
    """484×2: every tenth point from −110 to 100."""
    axis = np.arange(-110.0, 101.0, STEP)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)  # 484×2


def occurring(points: Array) -> int:
    """How many of the points are the nearest one of some 8-bit colour."""
    return counted(np.ascontiguousarray(points, dtype=np.float64).tobytes())


@lru_cache(maxsize=8)
def counted(points: bytes) -> int:
    """`occurring`, remembered: the two grids of the paper are asked for each time."""
    places = np.frombuffer(points).reshape(-1, 2)  # Q×2
    ab = lab(surface(LEVELS))[:, 1:].astype(np.float32)
    # |x − p|² less |x|², which all points share
    scores = (places**2).sum(1).astype(np.float32) - ab @ (2 * places.T).astype(np.float32)  # P×Q
    return len(np.unique(scores.argmin(1)))


def reachable(subject: Subject) -> Measured:
    """Bins that are the nearest one of some 8-bit colour."""
    points = bins(subject)
    number, paper, full = occurring(points), occurring(paper_grid()), occurring(full_grid())
    note = f"{number} of its {len(points)} bins; of the paper's 313: {paper}; of all 484: {full}"
    return Measured(number, call="bins() and 8-bit colours on the surface of the RGB cube", note=note)


def split(subject: Subject) -> tuple[int, int, int]:
    """(bins among the paper's, other bins, those of the others that lie on the full grid)."""
    own, paper, full = (set(map(tuple, points.tolist())) for points in (bins(subject), paper_grid(), full_grid()))
    return len(own & paper), len(own - paper), len((own - paper) & full)


def shared(subject: Subject) -> Measured:
    """Bins that are among the paper's."""
    return Measured(split(subject)[0], call="bins() that are among the paper's 313")


def beyond(subject: Subject) -> Measured:
    """Bins that are not among the paper's."""
    _, others, on_full = split(subject)
    note = f"{on_full} of them on the full grid of 484" if others else ""
    return Measured(others, call="bins() that are not among the paper's 313", note=note)
