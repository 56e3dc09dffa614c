import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.metrics import AucAccumulator, auc, chroma, colorfulness, psnr, rebalanced_auc
from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import smooth_prior

GRID = Grid.paper()
IMAGE = torch.ones(1, 3, 4, 4)


def maps(seed: int = 5, n: int = 2, side: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pred, true = (torch.rand(n, 2, side, side, generator=generator) * 240 - 120 for _ in range(2))
    return pred, true


def uneven_prior() -> torch.Tensor:
    return smooth_prior(torch.arange(1, 314), GRID)


def test_auc_is_the_area_under_the_curve_over_thresholds():
    pred, true = maps()
    distance = (pred - true).norm(dim=1)
    thresholds = torch.linspace(0, 150, 20001)
    curve = (distance.flatten()[:, None] <= thresholds).double().mean(0)
    assert auc(pred, true) == pytest.approx(float(torch.trapezoid(curve, thresholds) / 150), abs=1e-4)


def test_auc_by_hand():
    true = torch.zeros(1, 2, 1, 3)
    pred = torch.tensor([[3.0, 0, 500], [4.0, 0, 0]]).reshape(1, 2, 1, 3)  # distances 5, 0 and beyond the limit
    assert auc(pred, true) == pytest.approx(1 - (5 + 0 + 150) / 3 / 150)
    assert auc(true, true) == 1


def test_rebalanced_auc_follows_the_slow_formula():
    pred, true = maps()
    prior = uneven_prior()
    total = weighted = 0.0
    for p, t in zip(
        pred.permute(0, 2, 3, 1).reshape(-1, 2).tolist(), true.permute(0, 2, 3, 1).reshape(-1, 2).tolist(), strict=True
    ):
        nearest = min(range(313), key=lambda q: math.dist(t, GRID.points_int[q].tolist()))
        weight = 1 / float(prior[nearest])
        total += weight
        weighted += weight * min(math.dist(p, t), 150)
    assert rebalanced_auc(pred, true, prior, GRID) == pytest.approx(1 - weighted / total / 150)
    assert rebalanced_auc(pred, true, prior, GRID) != pytest.approx(auc(pred, true), abs=1e-4)


@given(st.integers(0, 1000), st.integers(1, 11))
def test_streaming_is_the_same_as_all_at_once(seed, cut):
    pred, true = maps(seed)
    accumulator = AucAccumulator(uneven_prior(), GRID)
    for part in (slice(0, cut), slice(cut, None)):
        accumulator.update(pred[..., part], true[..., part])
    assert accumulator.compute() == pytest.approx(rebalanced_auc(pred, true, uneven_prior(), GRID), abs=1e-12)


def test_psnr_by_hand():
    true = torch.full((2, 3, 4, 4), 0.5)
    assert psnr(true + 0.1, true) == pytest.approx(20, abs=1e-4)


def test_chroma_by_hand():
    ab = torch.tensor([[3.0, 0], [4.0, 1]]).reshape(1, 2, 1, 2)
    assert chroma(ab) == pytest.approx(3)
    assert chroma(torch.zeros(1, 2, 3, 3)) == 0


def test_colorfulness_by_hand():
    red_and_blue = torch.tensor([[1.0, 0], [0, 0], [0, 1]]).reshape(1, 3, 1, 2)
    # rg is 255 and 0, yb 127.5 and −255.
    spread = math.hypot(127.5, 191.25)
    offset = math.hypot(127.5, -63.75)
    assert colorfulness(red_and_blue) == pytest.approx(spread + 0.3 * offset)
    assert colorfulness(torch.full((1, 3, 4, 4), 0.3)) == pytest.approx(0, abs=1e-9)


def test_colorfulness_is_a_mean_over_images():
    images = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert colorfulness(images) == pytest.approx((colorfulness(images[:1]) + colorfulness(images[1:])) / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AucAccumulator().compute(), "no pixels"),
        (lambda: auc(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 8, 8)), "differ in shape: upsample"),
        (lambda: auc(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)), "prediction.*expected N×2"),
        (lambda: AucAccumulator(torch.ones(484) / 484, GRID), r"\(484,\) for the 313 bins"),
        (lambda: AucAccumulator(torch.ones(313) / 313), "no grid"),
        (lambda: AucAccumulator(torch.eye(313)[0], GRID), "empty bins"),
        (lambda: psnr(torch.zeros(1, 3, 4, 4).int(), torch.zeros(1, 3, 4, 4)), "floating"),
        (lambda: psnr(IMAGE * 255, IMAGE), r"psnr: rgb \(prediction\).*to 255, expected 0 to 1: divide by 255"),
        (lambda: psnr(IMAGE, -IMAGE), r"psnr: rgb \(truth\).*from -1 to.*scale or clamp"),
        (lambda: psnr(IMAGE.numpy(), IMAGE), "of type ndarray"),
        (lambda: colorfulness(IMAGE * 255), "colorfulness: rgb.*divide by 255"),
        (lambda: AucAccumulator([1 / 313] * 313, GRID), "prior is of type list.*torch.tensor"),
        (lambda: chroma(torch.zeros(1, 2, 4, 4).int()), "floating"),
        (lambda: colorfulness(torch.zeros(3, 4, 4)), "add the batch dimension"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ColorlibError, match=message):
        call()
