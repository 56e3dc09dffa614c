from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb
from colorlib.ops.rebalancing import class_weights, smooth_prior
from colorlib.plots import BIN_LIGHTNESS, plot_bins, plot_prior


@pytest.fixture(scope="module")
def prior() -> torch.Tensor:
    return smooth_prior(torch.arange(313), Grid.paper())


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as picture:
        return {tuple(pixel) for pixel in np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()}


def bin_colour(a: float, b: float) -> tuple[int, ...]:
    return tuple(lab_to_rgb(torch.tensor([BIN_LIGHTNESS, a, b]).reshape(1, 3, 1, 1), as_uint8=True).flatten().tolist())


def test_bins_are_shown_in_their_own_colours(tmp_path):
    plot_bins(Grid.paper(), tmp_path / "bins.png")
    seen = colours(tmp_path / "bins.png")
    assert {bin_colour(a, b) for a, b in [(0, 0), (50, 30), (-40, 40), (30, -60)]} <= seen
    assert bin_colour(-60, -60) not in seen  # a bin of the full grid only
    plot_bins(Grid.full(), tmp_path / "full.png")
    assert bin_colour(-60, -60) in colours(tmp_path / "full.png")


def test_same_input_same_bytes(tmp_path, prior):
    weights = class_weights(prior)
    for name, shown in (("first.png", weights), ("second.png", weights), ("other.png", weights.flip(0))):
        plot_prior(Grid.paper(), prior, shown, tmp_path / name)
    first, second, other = ((tmp_path / name).read_bytes() for name in ("first.png", "second.png", "other.png"))
    assert first == second
    assert first != other
    assert b"matplotlib" not in first.lower()


def test_a_prior_adds_a_panel(tmp_path, prior):
    plot_bins(Grid.paper(), tmp_path / "one.png")
    plot_bins(Grid.paper(), tmp_path / "two.png", prior)
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert (two.width, two.height) == (2 * one.width, one.height)


def test_values_of_another_grid_are_refused(tmp_path, prior):
    with pytest.raises(ColorlibError, match=r"prior.*\(313,\).*484|prior.*\(484,\)"):
        plot_bins(Grid.full(), tmp_path / "no.png", prior)
    with pytest.raises(ColorlibError, match="weights"):
        plot_prior(Grid.paper(), prior, torch.ones(484), tmp_path / "no.png")
    assert not (tmp_path / "no.png").exists()
