import numpy as np
import pytest
import torch

from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid


@pytest.mark.parametrize(
    ("name", "temperature"), [("T0p01", 0.01), ("T0p38", 0.38), ("T_official_1_over_2p606", 1 / 2.606), ("T1", 1.0)]
)
def test_agrees_with_the_reference(golden, name, temperature):
    vectors = golden("annealed_mean")
    logits = torch.from_numpy(vectors["logits"]).T[None, :, :, None]
    ab = annealed_mean(logits, Grid.paper(), temperature)[0, :, :, 0].T.numpy()
    assert np.abs(ab - vectors[f"ab_{name}"]).max() < 1e-9
