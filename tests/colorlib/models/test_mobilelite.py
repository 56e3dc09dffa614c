import torch
from torch import nn

from colorlib.models import MobileLite


def test_has_seven_to_nine_million_weights() -> None:
    assert 7e6 <= sum(p.numel() for p in MobileLite(q=313).parameters()) <= 9e6


def test_kernels_wider_than_one_are_depthwise_after_the_stem() -> None:
    wide = [m for m in MobileLite().modules() if isinstance(m, nn.Conv2d) and m.kernel_size != (1, 1)]
    assert wide[0].in_channels == 1
    assert len(wide) > 10
    assert all(m.groups == m.in_channels for m in wide[1:])


def test_every_logit_sees_far_around() -> None:
    lightness = torch.rand(1, 1, 256, 256, requires_grad=True)
    model = MobileLite(q=2).eval()
    model.logits(lightness)[0, 0, 32, 32].backward()
    assert lightness.grad is not None
    touched = lightness.grad[0, 0].ne(0).nonzero()
    assert (touched.amax(0) - touched.amin(0)).min() > 200


def test_it_learns_to_tell_bright_from_dark() -> None:
    torch.manual_seed(0)
    model = MobileLite(q=2).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    lightness = torch.rand(4, 1, 8, 8).mul(100).repeat_interleave(8, 2).repeat_interleave(8, 3)
    target = (lightness[:, 0, ::4, ::4] > 50).long()
    losses = []
    for _ in range(40):
        loss = nn.functional.cross_entropy(model.logits(lightness), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.6
    assert losses[-1] < 0.1
