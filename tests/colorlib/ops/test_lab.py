import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops import lab_kernels
from colorlib.ops.lab import eager_lab_to_rgb, eager_rgb_to_lab, lab_to_rgb, lightness_of, rgb_to_lab

unit = st.floats(0, 1, width=32)


def image(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(rows).T[None, :, :, None]  # 1×3×P×1


def rows(tensor: torch.Tensor) -> np.ndarray:
    return tensor[0, :, :, 0].T.numpy()


def pixel(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, 3, 1, 1)


def random_bytes(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def wild_lab(*size: int) -> torch.Tensor:
    """L everywhere in 0..100, ab far beyond what a screen shows."""
    uniform = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))
    return uniform * torch.tensor([100.0, 400, 400]).reshape(1, 3, 1, 1) - torch.tensor([0.0, 200, 200]).reshape(
        1, 3, 1, 1
    )


def test_uint8_agrees_with_the_reference(golden):
    vectors = golden("rgb2lab")
    assert np.abs(rows(rgb_to_lab(image(vectors["rgb_uint8"]))) - vectors["lab_float64"]).max() < 2e-4


def test_floats_agree_with_the_reference(golden):
    vectors = golden("rgb2lab")
    assert np.abs(rows(rgb_to_lab(image(vectors["rgb_float01"]))) - vectors["lab_from_rgb_float01"]).max() < 1e-9
    assert np.abs(rows(lab_to_rgb(image(vectors["lab_in"]))) - vectors["rgb_from_lab_clipped"]).max() < 1e-9
    as_float32 = lab_to_rgb(image(vectors["lab_in"]).float())
    assert np.abs(rows(as_float32) - vectors["rgb_from_lab_clipped"]).max() < 1e-5


def test_reference_tells_the_wrong_scale(golden):
    vectors = golden("rgb2lab")
    assert np.abs(vectors["WRONG_lab_when_float_0_255_passed"] - vectors["lab_float64"]).max() > 100


@given(unit, unit, unit)
def test_round_trip(red, green, blue):
    rgb = pixel(red, green, blue)
    assert float((lab_to_rgb(rgb_to_lab(rgb)) - rgb).abs().max()) <= 1e-3


def test_every_level_of_every_channel_survives_as_uint8():
    rgb = random_bytes(2, 3, 256, 300)
    assert torch.equal(lab_to_rgb(rgb_to_lab(rgb), as_uint8=True), rgb)


def test_kernel_and_torch_agree():
    rgb = random_bytes(2, 3, 33, 65)
    exact = eager_rgb_to_lab(rgb.double() / 255)
    assert float((rgb_to_lab(rgb) - exact).abs().max()) < 2e-4
    wild = wild_lab(150, 150)
    exact_bytes = eager_lab_to_rgb(wild.double()).mul(255).add(0.5).to(torch.uint8)
    differing = lab_to_rgb(wild, as_uint8=True).int() - exact_bytes.int()
    assert int(differing.abs().max()) <= 1
    assert float((differing != 0).float().mean()) < 1e-4  # where float32 rounds across a half


def test_uncompiled_kernels_do_the_same():
    rgb = random_bytes(3, 40)
    compiled, plain = (np.zeros((3, 40), np.float32) for _ in range(2))
    arguments = (lab_kernels.LINEAR, lab_kernels.TO_XYZ, 0, 40)
    lab_kernels.rgb_to_lab_range(rgb.numpy(), compiled, *arguments)
    lab_kernels.rgb_to_lab_range.py_func(rgb.numpy(), plain, *arguments)
    np.testing.assert_allclose(plain, compiled, atol=1e-4)
    back, plain_back = (np.zeros((3, 40), np.uint8) for _ in range(2))
    arguments = (lab_kernels.TO_RGB, lab_kernels.THRESHOLDS, lab_kernels.LEVELS, 0, 40)
    lab_kernels.lab_to_rgb_range(compiled, back, *arguments)
    lab_kernels.lab_to_rgb_range.py_func(compiled, plain_back, *arguments)
    assert np.array_equal(back, rgb.numpy())
    assert np.array_equal(plain_back, rgb.numpy())


def test_roots_uncompiled():
    values = np.linspace(1e-4, 1, lab_kernels.TILE, dtype=np.float32)
    roots = np.empty_like(values)
    lab_kernels.lab_roots.py_func(values, values.view(np.int32), roots, roots.view(np.int32))
    expected = np.where(values > 0.008856, np.cbrt(values), 7.787 * values + 16 / 116)
    np.testing.assert_allclose(roots, expected, rtol=3e-7)


def test_any_memory_order_and_batch_gives_the_same():
    rgb = random_bytes(3, 3, 20, 30)
    assert torch.equal(rgb_to_lab(rgb.to(memory_format=torch.channels_last)), rgb_to_lab(rgb))
    assert torch.equal(rgb_to_lab(rgb[1:2]), rgb_to_lab(rgb)[1:2])


def test_empty_batch():
    assert rgb_to_lab(torch.zeros(0, 3, 4, 4, dtype=torch.uint8)).shape == (0, 3, 4, 4)
    assert rgb_to_lab(torch.zeros(0, 3, 4, 4)).shape == (0, 3, 4, 4)


def test_gradients_are_those_of_the_formula():
    rgb = torch.rand(1, 3, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 0.8 + 0.1
    assert torch.autograd.gradcheck(rgb_to_lab, rgb.requires_grad_())
    lab = rgb_to_lab(rgb.detach()).requires_grad_()
    assert torch.autograd.gradcheck(lab_to_rgb, lab)


def test_black_has_a_finite_gradient():
    black = torch.zeros(1, 3, 1, 1, requires_grad=True)
    rgb_to_lab(black).sum().backward()
    assert bool(torch.isfinite(black.grad).all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    rgb = torch.tensor([0.25, 0.5, 0.75]).reshape(1, 3, 1, 1)
    assert rgb_to_lab(rgb.to(dtype)).dtype == torch.float32
    assert torch.equal(rgb_to_lab(rgb.to(dtype)), rgb_to_lab(rgb))


@pytest.mark.parametrize(
    ("rgb", "message"),
    [
        (torch.rand(1, 3, 2, 2) * 255, "divide by 255"),
        (torch.full((1, 3, 2, 2), 1.5), "scale or clamp"),
        (torch.full((1, 3, 2, 2), -0.5), "scale or clamp"),
        (torch.full((1, 3, 2, 2), float("nan")), "run from nan"),
        (torch.zeros(1, 3, 2, 2, dtype=torch.int64), r"torch.int64.*\.to\(torch.uint8\)"),
        (torch.zeros(3, 2, 2), r"\(3, 2, 2\).*tensor\[None\]"),
        (torch.zeros(1, 5, 6, 3), r"permute\(0, 3, 1, 2\)"),
        (torch.zeros(5, 6, 3), r"permute\(2, 0, 1\)\[None\]"),
        (torch.zeros(1, 4, 2, 2), "3 channels"),
        (np.zeros((1, 3, 2, 2)), r"ndarray.*torch.from_numpy"),
    ],
)
def test_wrong_rgb_is_named_with_its_remedy(rgb, message):
    with pytest.raises(ColorlibError, match=message):
        rgb_to_lab(rgb)


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        (pixel(-50, 0, 0), "add 50 to L"),
        (pixel(101, 0, 0), "expected 0 to 100"),
        (pixel(50, float("nan"), 0), "NaN"),
        (pixel(50, 0, float("inf")), "infinity"),
        (pixel(50, 1e30, 0), r"lab runs from 0 to 1e\+30, expected −1e\+06"),
        (pixel(50, 0, 0).int(), re.escape("call .float()")),
    ],
)
@pytest.mark.parametrize("as_uint8", [False, True])
def test_wrong_lab_is_named_with_its_remedy(lab, message, as_uint8):
    with pytest.raises(ColorlibError, match=message):
        lab_to_rgb(lab, as_uint8=as_uint8)


def test_the_lightness_alone_is_that_of_lab():
    pixels = np.random.default_rng(2).integers(0, 256, (301, 97, 3), dtype=np.uint8)  # several ranges
    lab = rgb_to_lab(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    torch.testing.assert_close(lightness_of(pixels), lab[:, :1], atol=1e-4, rtol=0)
    for wrong in (pixels[..., :2], pixels[0], pixels.astype(np.float32)):
        with pytest.raises(ColorlibError, match="expected uint8 H×W×3"):
            lightness_of(wrong)
