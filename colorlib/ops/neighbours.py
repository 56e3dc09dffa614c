"""Which bins lie nearest to an ab value: exact, with one rule for ties, the same on every machine.

Bins p are ranked by score(p) = |p|² − 2 x·p, which is |x − p|² less the constant |x|². In float64 the products of a
float32 coordinate and a whole number are exact, so neither fused instructions nor the order of a processor's
operations can change a score, and true ties stay ties. A tie goes to the lowest bin index.
"""

import torch

BLOCK = 1 << 22  # scores held at a time


def nearest_bins(ab: torch.Tensor, points: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the k nearest bins of every pixel, nearest first.

    Args:
        ab: N×2×H×W.
        points: Q×2, whole numbers, on the device of `ab`.
        k: 1..Q.

    Returns:
        Bin indices N×k×H×W (int64) and their scores (float64), ascending.
    """
    n, _, h, w = ab.shape
    flat = ab.detach().permute(0, 2, 3, 1).reshape(-1, 2)  # NHW×2
    indices = torch.empty((len(flat), k), dtype=torch.int64, device=ab.device)
    scores = torch.empty((len(flat), k), dtype=torch.float64, device=ab.device)
    rows = max(1, BLOCK // len(points))
    for start in range(0, len(flat), rows):
        block = slice(start, start + rows)
        table = _scores(flat[block], points)
        for rank in range(k):
            lowest = table.min(dim=1)  # the first one where several are equal
            scores[block, rank], indices[block, rank] = lowest.values, lowest.indices
            table.scatter_(1, lowest.indices[:, None], torch.inf)
    shape = (n, h, w, k)
    return indices.reshape(shape).permute(0, 3, 1, 2), scores.reshape(shape).permute(0, 3, 1, 2)  # N×k×H×W


def _scores(ab: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    a, b = ab.double().unbind(1)
    pa, pb = points.double().unbind(1)
    return pa * pa + pb * pb - 2 * (a[:, None] * pa + b[:, None] * pb)  # P×Q
