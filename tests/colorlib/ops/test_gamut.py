import torch

from colorlib.ops import gamut
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab


def test_hull_of_a_square_with_points_inside():
    corners = torch.tensor([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    hull = gamut.convex_hull(torch.cat((corners, torch.tensor([[2.0, 2], [1, 3], [2, 0]]))))
    assert sorted(hull.tolist()) == sorted(corners.tolist())


def test_squares_meet_a_triangle_where_they_touch_it():
    triangle = torch.tensor([[0.0, 0], [10, 0], [0, 10]], dtype=torch.float64)
    centres = torch.tensor([[-1.0, 5], [-1.1, 5], [6, 6], [6.1, 6], [3, 3], [5, -1.2]])
    assert gamut.squares_meeting(triangle, centres, 1.0).tolist() == [True, False, True, False, True, False]


def test_outline_holds_all_colours():
    step = torch.arange(0, 256, 15)
    rgb = torch.cartesian_prod(step, step, step).T.reshape(1, 3, -1, 1).to(torch.uint8)
    ab = rgb_to_lab(rgb)[0, 1:, :, 0].T.double()  # P×2
    line = gamut.outline(512)
    angles, radii = torch.atan2(line[:, 1], line[:, 0]), line.norm(dim=1)
    order = angles.argsort()
    for a, b in ab[ab.norm(dim=1) > 5][::7].tolist():
        place = int(torch.searchsorted(angles[order], torch.atan2(torch.tensor(b), torch.tensor(a)).double()))
        around = radii[order][max(place - 2, 0) : place + 2]
        assert (a * a + b * b) ** 0.5 <= float(around.max()) + 1.5


def test_the_surface_reaches_what_all_colours_reach():
    levels = torch.arange(256, dtype=torch.uint8)
    counts = torch.zeros(313, dtype=torch.int64)
    for red in range(0, 256, 5):  # a fifth of all colours
        rgb = torch.stack(torch.meshgrid(levels[red : red + 1], levels, levels, indexing="ij"))  # 3×1×256×256
        counts += Grid.paper().histogram(rgb_to_lab(rgb.reshape(1, 3, 256, 256))[:, 1:])
    assert bool((counts > 0)[~Grid.paper().reachable].logical_not().all())
    assert int((counts > 0).sum()) >= 259
