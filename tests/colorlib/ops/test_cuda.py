"""The torch paths on a GPU against the kernels on the CPU."""

import pytest
import torch

from colorlib.ops.chroma import into_gamut
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.loss import rebalanced_cross_entropy

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

GRID = Grid.paper()


def ab_map() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    smooth = torch.rand(1, 2, 64, 64, generator=generator) * 240 - 120
    ties = torch.randint(-48, 48, (1, 2, 64, 64), generator=generator) * 2.5
    return torch.cat((smooth, ties))


def test_lab():
    rgb = torch.randint(0, 256, (2, 3, 50, 60), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    lab = rgb_to_lab(rgb.cuda())
    torch.testing.assert_close(lab.cpu(), rgb_to_lab(rgb), atol=2e-4, rtol=0)
    assert torch.equal(lab_to_rgb(lab, as_uint8=True).cpu(), rgb)


def test_gamut():
    lab = torch.cat((torch.full((2, 1, 64, 64), 60.0), ab_map()), dim=1)
    torch.testing.assert_close(into_gamut(lab.cuda()).cpu(), into_gamut(lab), atol=0.2, rtol=0)


def test_bins_and_weights():
    ab = ab_map()
    assert torch.equal(GRID.nearest(ab.cuda()).cpu(), GRID.nearest(ab))
    assert torch.equal(GRID.histogram(ab.cuda()).cpu(), GRID.histogram(ab))
    here, there = soft_encode(ab, GRID), soft_encode(ab.cuda(), GRID)
    assert torch.equal(there.indices.cpu(), here.indices)
    torch.testing.assert_close(there.weights.cpu(), here.weights, atol=1e-6, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_loss_and_decoding(dtype):
    logits = (torch.randn(2, 313, 64, 64, generator=torch.Generator().manual_seed(1)) * 3).to(dtype)
    target, weights = soft_encode(ab_map(), GRID), torch.linspace(0.1, 6, 313)
    gradients = []
    for device in ("cpu", "cuda"):
        z = logits.to(device).requires_grad_()
        loss = rebalanced_cross_entropy(z, target.to(device), weights.to(device))
        loss.backward()
        gradients.append(z.grad.float().cpu())
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-5 if dtype == torch.float32 else 2e-2, rtol=0)
    ab = annealed_mean(logits.cuda(), GRID).cpu()
    torch.testing.assert_close(ab, annealed_mean(logits, GRID), atol=1e-2, rtol=0)
