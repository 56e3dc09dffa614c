import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from colorlib.errors import ColorlibError
from colorlib.ops.colour_difference import delta_e_2000

# Pairs that take every branch: hues across 0°, a grey, blue, light and dark (L, a, b).
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5)),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011)),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49)),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0)),
    ((0.0, 0.0, 0.0), (100.0, 0.0, 0.0)),
    ((60.0, 40.0, 5.0), (62.0, 40.0, -5.0)),
]


def pixel(colour: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(colour, dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_branch_gives_what_scikit_image_gives(first, second) -> None:
    expected = float(deltaE_ciede2000(first, second))
    assert delta_e_2000(pixel(first), pixel(second)).item() == pytest.approx(expected, abs=1e-9)
    assert delta_e_2000(pixel(second), pixel(first)).item() == pytest.approx(expected, abs=1e-9)


def test_a_known_value() -> None:
    assert delta_e_2000(pixel(PAIRS[0][0]), pixel(PAIRS[0][1])).item() == pytest.approx(2.0425, abs=5e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), near=st.booleans())
def test_maps_agree_with_scikit_image(seed: int, near: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    scale, shift = torch.tensor([100.0, 200.0, 200.0]).view(3, 1, 1), torch.tensor([0.0, -100.0, -100.0]).view(3, 1, 1)
    first = torch.rand(2, 3, 5, 7, generator=generator, dtype=torch.float64) * scale + shift
    other = torch.rand(2, 3, 5, 7, generator=generator, dtype=torch.float64) * scale + shift
    second = first + 0.01 * other if near else other
    expected = torch.from_numpy(deltaE_ciede2000(first.movedim(1, -1).numpy(), second.movedim(1, -1).numpy()))
    torch.testing.assert_close(delta_e_2000(first, second), expected, rtol=1e-9, atol=1e-9)
    assert delta_e_2000(first, first).abs().max() < 1e-6


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ColorlibError, match="equal shapes"):
        delta_e_2000(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 3))
    with pytest.raises(ColorlibError, match="lab"):
        delta_e_2000(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2))
