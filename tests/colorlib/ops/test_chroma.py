import numpy as np
import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.chroma import into_gamut
from colorlib.ops.composition import AbMap, Composer
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab

GENERATOR = torch.Generator().manual_seed(3)
SIZE = 3, 1100  # wider than what the compiled loops work on at a time
RGB = torch.randint(0, 256, (1, 3, *SIZE), dtype=torch.uint8, generator=GENERATOR)
WANTED = torch.randn(1, 2, *SIZE, generator=GENERATOR) * 60  # a third of it inside the gamut


def test_it_is_what_the_compiled_loops_make_of_a_photograph() -> None:
    lab = torch.cat((rgb_to_lab(RGB)[:, :1], WANTED), dim=1)
    plain = lab_to_rgb(into_gamut(lab), as_uint8=True)[0].permute(1, 2, 0).numpy()  # (H, W, 3)
    pixels = RGB[0].permute(1, 2, 0).contiguous().numpy()  # (H, W, 3)
    compiled, clamped = Composer(AbMap(WANTED[0], 1, *SIZE), *SIZE).compose(pixels, 0)
    difference = np.abs(plain.astype(int) - compiled.astype(int))
    assert difference.max() <= 1
    assert difference.mean() < 0.01
    changed = (into_gamut(lab) != lab).any(1)
    assert int(changed.sum()) == pytest.approx(clamped, abs=3)
    assert 0.3 < changed.float().mean() < 0.95


def test_lightness_and_hue_stay() -> None:
    lab = torch.cat((rgb_to_lab(RGB)[:, :1], WANTED), dim=1).double()
    inside = into_gamut(lab)
    assert torch.equal(inside[:, 0], lab[:, 0])
    turned = inside[:, 1] * lab[:, 2] - inside[:, 2] * lab[:, 1]  # the cross product, zero for one direction
    assert turned.abs().max() < 1e-9
    assert ((inside[:, 1:] * lab[:, 1:]).sum(1) >= 0).all()
    assert torch.equal(into_gamut(inside), inside)


@pytest.mark.parametrize("lab", [torch.zeros(3, 4, 4), torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 4).int()])
def test_what_is_no_lab_is_refused(lab: torch.Tensor) -> None:
    with pytest.raises(ColorlibError, match="into_gamut: lab"):
        into_gamut(lab)
