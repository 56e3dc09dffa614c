import pytest
import torch

from colorlib.metrics import auc


def test_auc_is_the_mean_over_thresholds():
    generator = torch.Generator().manual_seed(5)
    pred, true = (torch.rand(1, 2, 20, 20, generator=generator) * 200 - 100 for _ in range(2))
    distance = (pred - true).norm(dim=1)
    thresholds = torch.linspace(0, 150, 20001)
    curve = (distance.flatten()[:, None] <= thresholds).double().mean(0)
    assert auc(pred, true) == pytest.approx(float(torch.trapezoid(curve, thresholds) / 150), abs=1e-4)
