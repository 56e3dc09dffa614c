import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid

# Published: the hash of the official file's array, as little-endian int64 in C order.
OFFICIAL_SHA256 = "2a39983ed60d5b52b717842d56d5f766982289e6d5a609582155f437cecc1045"


def test_paper_grid_is_the_official_one_in_the_official_order():
    assert Grid.paper().sha256 == OFFICIAL_SHA256
    assert len(Grid.paper()) == 313


def test_full_grid_is_the_whole_square():
    assert len(Grid.full()) == 22 * 22
    assert Grid.full().points.amin() == -110
    assert Grid.full().points.amax() == 100


@pytest.mark.parametrize("name", ["paper", "full"])
def test_261_bins_are_the_nearest_of_some_colour(name):
    assert int(Grid.by_name(name).reachable.sum()) == 261


def test_unknown_name():
    with pytest.raises(ColorlibError, match="'paper'"):
        Grid.by_name("313")


def test_nearest_agrees_with_all_distances():
    ab = torch.rand(2, 2, 7, 5, generator=torch.Generator().manual_seed(1)) * 300 - 150
    expected = torch.cdist(ab.permute(0, 2, 3, 1).double(), Grid.paper().points.double()).argmin(-1)  # N×H×W
    assert torch.equal(Grid.paper().nearest(ab), expected)
    assert torch.equal(Grid.paper().histogram(ab), torch.bincount(expected.flatten(), minlength=313))
