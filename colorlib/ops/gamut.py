"""What part of the ab plane an sRGB screen can show: sample colours, and the convex hull of their ab values."""

import torch

from colorlib.ops.lab import rgb_to_lab


def surface_ab(step: int = 1) -> torch.Tensor:
    """Return the ab values of 8-bit colours on the surface of the RGB cube.

    The surface is enough for questions about the ab plane: colours of equal ab form curves (along L) that end on it.

    Args:
        step: distance of neighbouring levels of a channel, a divisor of 255.

    Returns:
        P×2, float64.
    """
    levels = torch.arange(0, 256, step, dtype=torch.float64) / 255
    first, second = (x.flatten() for x in torch.meshgrid(levels, levels, indexing="ij"))
    faces = []
    for channel in range(3):
        for end in (0.0, 1.0):
            sides = [first, second]
            sides.insert(channel, torch.full_like(first, end))
            faces.append(torch.stack(sides))  # 3×P
    rgb = torch.cat(faces, dim=1)  # 3×6P
    lab = rgb_to_lab(rgb[None, :, :, None])  # 1×3×6P×1
    return lab[0, 1:, :, 0].T.contiguous()  # 6P×2


def outline(points_per_edge: int = 64) -> torch.Tensor:
    """Return the border of what a screen can show in the ab plane, as a closed P×2 line (float64).

    It is the round trip red, yellow, green, cyan, blue, magenta along the edges of the RGB cube; it stays within half a
    unit of the largest chroma of every hue.
    """
    corners = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]], dtype=torch.float64)
    share = torch.arange(points_per_edge, dtype=torch.float64)[:, None, None] / points_per_edge  # S×1×1
    edges = corners + share * (torch.roll(corners, -1, dims=0) - corners)  # S×6×3
    rgb = edges.transpose(0, 1).reshape(-1, 3)  # 6S×3
    ab = rgb_to_lab(rgb.T[None, :, :, None])[0, 1:, :, 0].T  # 6S×2
    return torch.cat((ab, ab[:1]))


def convex_hull(points: torch.Tensor) -> torch.Tensor:
    """Return the corners of the convex hull of P×2 points, counter-clockwise, as V×2 (monotone chain)."""
    ordered = sorted((float(x), float(y)) for x, y in points.tolist())

    def half(chain: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for point in chain:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return torch.tensor(half(ordered) + half(ordered[::-1]), dtype=torch.float64)


def squares_meeting(hull: torch.Tensor, centres: torch.Tensor, half_width: float) -> torch.Tensor:
    """Tell which closed squares centre ± half_width share a point with a convex polygon.

    Two convex polygons are apart exactly if a line along one of their edges separates them.

    Args:
        hull: V×2 corners, counter-clockwise.
        centres: Q×2.
        half_width: half the side of the squares, in the unit of the points.

    Returns:
        Q bool.
    """
    edges = torch.roll(hull, -1, dims=0) - hull
    normals = torch.stack((edges[:, 1], -edges[:, 0]), dim=1)  # V×2, outwards
    offsets = (normals * hull).sum(1)  # V
    nearest_corner = centres.double() @ normals.T - half_width * normals.abs().sum(1)  # Q×V
    beside_an_edge = (nearest_corner > offsets).any(1)
    low, high = hull.amin(0) - half_width, hull.amax(0) + half_width
    beside_the_box = ((centres < low) | (centres > high)).any(1)
    return ~(beside_an_edge | beside_the_box)


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Positive if a, b, c turn to the left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
