import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid, bins_of
from colorlib.ops.neighbours import nearest_bins

# Published: the hash of the official file's array, as little-endian int64 in C order.
OFFICIAL_SHA256 = "2a39983ed60d5b52b717842d56d5f766982289e6d5a609582155f437cecc1045"

coordinate = st.one_of(st.floats(-140, 140, width=32), st.integers(-28, 28).map(lambda i: 5.0 * i))


def test_paper_grid_is_the_official_one_in_the_official_order():
    assert Grid.paper().sha256 == OFFICIAL_SHA256
    assert len(Grid.paper()) == 313
    assert Grid.paper() is Grid.by_name("paper")


def test_full_grid_is_the_whole_square():
    assert len(Grid.full()) == 22 * 22
    assert Grid.full().points.amin() == -110
    assert Grid.full().points.amax() == 100
    assert len(set(map(tuple, Grid.full().points_int.tolist()))) == 484


@pytest.mark.parametrize("name", ["paper", "full"])
def test_261_bins_are_the_nearest_of_some_colour(name):
    assert int(Grid.by_name(name).reachable.sum()) == 261


def test_describes_itself():
    assert repr(Grid.paper()) == "Grid('paper', 313 bins)"
    text = Grid.paper().describe()
    for expected in ("313 bins", "convex hull", "261 bins are the nearest", "other 52", OFFICIAL_SHA256):
        assert expected in text


def test_unknown_name():
    with pytest.raises(ColorlibError, match="'paper'"):
        Grid.by_name("313")


@given(coordinate, coordinate, st.sampled_from(["paper", "full"]))
def test_nearest_is_the_first_of_the_closest(a, b, name):
    grid = Grid.by_name(name)
    ab = torch.tensor([a, b]).reshape(1, 2, 1, 1)
    expected = (grid.points.double() - torch.tensor([a, b]).double()).square().sum(1)  # exact for these numbers' ties
    found = int(grid.nearest(ab))
    assert found == int(nearest_bins(ab, grid.points, 1)[0])
    assert float(expected[found] - expected.min()) <= 1e-9 * float(expected.min() + 1)


def test_a_tie_of_four_goes_to_the_lowest_index():
    assert Grid.paper().points_int[
        int(Grid.paper().nearest(torch.tensor([5.0, 5.0]).reshape(1, 2, 1, 1)))
    ].tolist() == [0, 0]


def test_histogram_counts_every_pixel_once_whatever_the_threads():
    ab = torch.randn(3, 2, 600, 500, generator=torch.Generator().manual_seed(1)) * 60
    expected = torch.bincount(Grid.paper().nearest(ab).flatten(), minlength=313)
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            assert torch.equal(Grid.paper().histogram(ab), expected)
    finally:
        torch.set_num_threads(threads)
    assert int(expected.sum()) == 3 * 600 * 500


@pytest.mark.parametrize("name", ["paper", "full"])
def test_histogram_agrees_with_the_plain_search_at_ties_and_rims(name):
    axis = torch.arange(-140, 140.1, 2.5)
    a, b = torch.meshgrid(axis, axis, indexing="ij")
    hair = torch.nextafter(a, torch.tensor(torch.inf))
    ab = torch.stack([torch.stack([a, b]), torch.stack([hair, b]), torch.stack([b, hair]), torch.stack([a, b]) * 999])
    grid = Grid.by_name(name)
    expected = torch.bincount(nearest_bins(ab, grid.points, 1)[0].flatten(), minlength=len(grid))
    assert torch.equal(grid.histogram(ab), expected)


def test_no_pixels():
    assert int(Grid.paper().histogram(torch.zeros(0, 2, 4, 4)).sum()) == 0
    assert Grid.paper().nearest(torch.zeros(2, 2, 0, 4)).shape == (2, 0, 4)


def test_what_is_no_ab_map_is_refused():
    for wrong, message in (
        (torch.zeros(1, 3, 2, 2), "expected N×2×H×W"),
        (torch.zeros(1, 2, 2, 2, dtype=torch.int64), "floating"),
        (torch.full((1, 2, 2, 2), float("nan")), "NaN"),
    ):
        with pytest.raises(ColorlibError, match=message):
            Grid.paper().nearest(wrong)
        with pytest.raises(ColorlibError, match=message):
            Grid.paper().histogram(wrong)


@pytest.mark.parametrize("name", ["points", "points_int", "reachable"])
@pytest.mark.parametrize("grid", [Grid.paper(), Grid.full()], ids=["paper", "full"])
def test_what_a_caller_changes_is_its_own(grid: Grid, name: str) -> None:
    before = getattr(grid, name).clone()
    ab = torch.tensor([30.0, -40.0]).reshape(1, 2, 1, 1)
    nearest, digest = grid.nearest(ab), grid.sha256
    getattr(grid, name).zero_()
    getattr(Grid.by_name(grid.name), name).numpy()[:] = 1
    assert torch.equal(getattr(Grid.by_name(grid.name), name), before)
    assert torch.equal(grid.nearest(ab), nearest)
    assert grid.sha256 == digest
    with pytest.raises(AttributeError):
        setattr(grid, name, before)


def test_a_grid_keeps_its_own_copy_of_the_points() -> None:
    points = torch.tensor([[0, 0], [10, 10]])
    grid = Grid("two", "two points", points)
    points.zero_()
    assert grid.points_int.tolist() == [[0, 0], [10, 10]]


def test_how_many_bins_a_grid_has_is_known_by_its_name() -> None:
    assert (bins_of("paper"), bins_of("full")) == (len(Grid.paper()), len(Grid.full()))
    with pytest.raises(ColorlibError, match="no grid named 'moon': use 'paper' \\(313 bins\\)"):
        bins_of("moon")
