import torch

from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.loss import rebalanced_cross_entropy


def test_loss_and_gradient_follow_the_formula():
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 313, 3, 4, dtype=torch.float64, generator=generator).requires_grad_()
    ab = torch.rand(2, 2, 3, 4, dtype=torch.float64, generator=generator) * 200 - 100
    weights = torch.rand(313, dtype=torch.float64, generator=generator) + 0.1
    target = soft_encode(ab, Grid.paper())
    dense = target.dense(313)
    loss = rebalanced_cross_entropy(logits, target, weights)
    loss.backward()
    v = weights[dense.argmax(1)]  # N×H×W
    expected = -(v * (dense * logits.detach().log_softmax(1)).sum(1)).sum() / 2
    torch.testing.assert_close(loss.detach(), expected)
    torch.testing.assert_close(logits.grad, v[:, None] * (logits.detach().softmax(1) - dense) / 2)
