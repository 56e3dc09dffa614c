import numpy as np
import pytest
import torch

from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid


@pytest.mark.parametrize("k", [5, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_the_reference(golden, k, dtype):
    vectors = golden("soft_encode")
    ab = torch.from_numpy(vectors["ab"]).to(dtype).T[None, :, :, None]
    target = soft_encode(ab, Grid.paper(), k=k)
    clear = ~vectors[f"k{k}_tie_at_kth_neighbour"]
    dense = target.dense(313)[0, :, :, 0].T.numpy()
    assert np.abs(dense - vectors[f"k{k}_dense"])[clear].max() < 1e-5
    assert np.abs(target.weights[0, :, :, 0].T.numpy() - vectors[f"k{k}_weights"]).max() < 1e-5
