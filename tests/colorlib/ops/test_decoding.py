import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops import blocks
from colorlib.ops.decoding import LEAST_TEMPERATURE, annealed_mean
from colorlib.ops.grid import Grid

GRID = Grid.paper()
seeds = st.integers(0, 10_000)


def logits(
    seed: int = 0, scale: float = 3, n: int = 1, side: int = 2, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    return (torch.randn(n, 313, side, side, generator=torch.Generator().manual_seed(seed)) * scale).to(dtype)


@pytest.mark.parametrize(
    ("name", "temperature", "tolerance"),
    [("T0p01", 0.01, 2e-3), ("T0p38", 0.38, 5e-4), ("T_official_1_over_2p606", 1 / 2.606, 5e-4), ("T1", 1.0, 5e-4)],
)
def test_agrees_with_the_reference(golden, name, temperature, tolerance):
    vectors = golden("annealed_mean")
    given_logits = torch.from_numpy(vectors["logits"]).T[None, :, :, None]
    ab = annealed_mean(given_logits, GRID, temperature)[0, :, :, 0].T.numpy()
    assert np.abs(ab - vectors[f"ab_{name}"]).max() < 1e-9
    ab = annealed_mean(given_logits.float(), GRID, temperature)[0, :, :, 0].T.numpy()
    assert np.abs(ab - vectors[f"ab_{name}"]).max() < tolerance


def test_the_default_temperature_is_the_papers_and_no_typical_bug(golden):
    vectors = golden("annealed_mean")
    ab = annealed_mean(torch.from_numpy(vectors["logits"]).T[None, :, :, None], GRID)[0, :, :, 0].T.numpy()
    assert np.abs(ab - vectors["ab_T0p38"]).max() < 1e-9
    for wrong in [key for key in vectors if key.startswith("WRONG")]:
        assert np.abs(ab - vectors[wrong]).max() > 1, wrong


@given(seeds, st.floats(-1e4, 1e4, width=32), st.floats(0.05, 1))
def test_shifting_all_logits_changes_nothing(seed, shift, temperature):
    z = logits(seed, dtype=torch.float64)
    torch.testing.assert_close(
        annealed_mean(z + shift, GRID, temperature), annealed_mean(z, GRID, temperature), atol=1e-6, rtol=0
    )


@given(seeds)
def test_cold_gives_the_mode_and_one_gives_the_mean(seed):
    z = logits(seed, dtype=torch.float64)
    mode = GRID.points.double()[z.argmax(1)].permute(0, 3, 1, 2)  # N×2×H×W
    torch.testing.assert_close(annealed_mean(z, GRID, 1e-6), mode)
    mean = torch.einsum("nqhw,qc->nchw", z.softmax(1), GRID.points.double())  # N×2×H×W
    torch.testing.assert_close(annealed_mean(z, GRID, 1.0), mean)


@given(seeds, st.floats(LEAST_TEMPERATURE, 1), st.sampled_from([torch.float16, torch.bfloat16, torch.float32]))
def test_extreme_logits_stay_within_the_grid(seed, temperature, dtype):
    z = (torch.randint(-1, 2, (1, 313, 2, 2), generator=torch.Generator().manual_seed(seed)) * 1e4).to(dtype)
    ab = annealed_mean(z, GRID, temperature)
    assert ab.dtype == torch.float32
    assert bool(torch.isfinite(ab).all())
    assert float(ab.abs().max()) <= 110.001


def test_blocks_memory_order_and_autocast_change_nothing(monkeypatch):
    z = logits(n=3, side=5)
    whole = annealed_mean(z, GRID)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(annealed_mean(z, GRID), whole)
    exact = annealed_mean(z.double(), GRID)
    monkeypatch.setattr(blocks, "CPU_BLOCK", 1000)
    torch.testing.assert_close(annealed_mean(z.double(), GRID), exact, atol=1e-9, rtol=0)
    strided = z.to(memory_format=torch.channels_last)
    torch.testing.assert_close(annealed_mean(strided, GRID), whole, atol=1e-4, rtol=0)
    torch.testing.assert_close(annealed_mean(z.requires_grad_(), GRID).detach(), whole, atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [1e-6, 0.05, 0.38, 1.0])
def test_the_compiled_loop_agrees_with_torch_in_float64(dtype, temperature):
    z = (logits(n=2, side=24) * 3).to(dtype)  # enough pixels for several ranges
    torch.testing.assert_close(
        annealed_mean(z, GRID, temperature), annealed_mean(z.double(), GRID, temperature).float(), atol=1e-4, rtol=0
    )


def test_what_is_no_number_stays_none_and_alone():
    z = logits(n=1, side=4)
    z[0, 7, 1, 2], z[0, 9, 3, 0] = float("nan"), float("inf")
    lost = annealed_mean(z, GRID).isnan().all(1)[0]
    assert lost.nonzero().tolist() == [[1, 2], [3, 0]]


DTYPES = [torch.float32, torch.bfloat16, torch.float16, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("grid", [GRID, Grid("64", "no bin is padded", Grid.full().points[:64])], ids=["313", "64"])
def test_bins_that_are_ruled_out_have_no_share(dtype, grid):
    z = logits(n=2, side=4)[:, : len(grid)].to(dtype)
    z[:, 7], z[:, 9:40] = float("-inf"), float("-inf")
    kept = torch.isfinite(z[0, :, 0, 0])
    few = Grid("few", "those that are not ruled out", grid.points[kept])
    ab = annealed_mean(z, grid)
    torch.testing.assert_close(ab, annealed_mean(z[:, kept], few), atol=1e-4, rtol=0)
    followed = z.clone().requires_grad_()
    with_gradient = annealed_mean(followed, grid)
    torch.testing.assert_close(with_gradient.detach(), ab, atol=1e-4, rtol=0)
    with_gradient.sum().backward()
    assert bool(torch.isfinite(followed.grad).all())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("grid", [GRID, Grid("64", "no bin is padded", Grid.full().points[:64])], ids=["313", "64"])
@pytest.mark.parametrize("gradient", [False, True])
def test_a_pixel_without_a_colour_has_none_in_any_precision(dtype, grid, gradient):
    z = logits(n=1, side=3)[:, : len(grid)].to(dtype)
    z[0, :, 0, 1] = float("-inf")  # every bin
    z[0, 7, 1, 2] = float("inf")
    z[0, 9, 2, 0], z[0, 10, 2, 0] = float("nan"), float("-inf")
    z[0, 9, 2, 2] = -torch.tensor(float("nan"), dtype=dtype)  # of the other sign
    z[0, 3, 0, 0] = float("-inf")
    lost = annealed_mean(z.requires_grad_(gradient), grid).isnan().all(1)[0]
    assert lost.nonzero().tolist() == [[0, 1], [1, 2], [2, 0], [2, 2]]


def test_gradient():
    small = Grid("small", "four corners", torch.tensor([[-10, -10], [-10, 10], [10, -10], [10, 10]]))
    z = torch.randn(1, 4, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: annealed_mean(z, small), z)


@pytest.mark.parametrize(
    ("z", "temperature", "message"),
    [
        (torch.zeros(1, 484, 2, 2), 0.38, r"grid 'paper' has shape \(1, 484, 2, 2\), expected N×313"),
        (torch.zeros(1, 313, 2, 2), 0.0, "temperature is 0.0"),
        (torch.zeros(1, 313, 2, 2), -1.0, "at least 1e-06"),
        (torch.zeros(1, 313, 2, 2), 1e-45, "temperature is 1e-45, expected a finite number, at least 1e-06"),
        (torch.zeros(1, 313, 2, 2), "0.38", "temperature is '0.38'"),
        (torch.zeros(1, 313, 2, 2, dtype=torch.int64), 0.38, "floating"),
    ],
)
def test_wrong_input_is_named(z, temperature, message):
    with pytest.raises(ColorlibError, match=message):
        annealed_mean(z, GRID, temperature)
