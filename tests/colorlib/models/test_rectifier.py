import copy

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from colorlib.models import PaperNet
from colorlib.models.rectifier import InnerReLU


def block(relu: type[nn.Module], **arguments: bool) -> nn.Sequential:
    torch.manual_seed(0)
    first, second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
    return nn.Sequential(first, relu(**arguments), second, relu(**arguments), nn.BatchNorm2d(4))


def gradients(layers: nn.Module, x: Tensor, recompute: bool = False) -> list[Tensor]:
    x = x.clone().requires_grad_()
    output = checkpoint(layers, x, use_reentrant=False) if recompute else layers(x)
    (output * torch.linspace(-1, 1, output.numel()).view_as(output)).sum().backward()
    return [output.detach(), *(tensor.grad for tensor in (x, *layers.parameters()))]  # type: ignore[list-item]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("recompute", [False, True])
def test_values_and_gradients_are_torchs_own_to_the_bit(dtype: torch.dtype, recompute: bool) -> None:
    x = torch.randn(2, 1, 6, 7, generator=torch.Generator().manual_seed(1)).to(dtype)
    expected = gradients(block(nn.ReLU, inplace=True).to(dtype), x)
    got = gradients(block(InnerReLU).to(dtype), x, recompute)
    assert all(torch.equal(a, b) for a, b in zip(expected, got, strict=True))


@pytest.mark.parametrize("fusion", [False, True])
def test_papernet_has_the_gradients_of_plain_relus(fusion: bool) -> None:
    torch.manual_seed(2)
    model = PaperNet(q=3, fusion=fusion)
    plain = copy.deepcopy(model)
    replaced = 0
    for parent in list(plain.modules()):
        for name, child in parent.named_children():
            if isinstance(child, InnerReLU):
                setattr(parent, name, nn.ReLU(inplace=True))
                replaced += 1
    assert replaced >= 20
    lightness = torch.rand(2, 1, 16, 16) * 100
    for network in (model, plain):
        network.logits(lightness).square().sum().backward()
    for expected, got in zip(plain.parameters(), model.parameters(), strict=True):
        assert expected.grad is not None
        assert got.grad is not None
        assert torch.equal(expected.grad, got.grad)


def test_the_gradient_stays_in_its_memory() -> None:
    x = (torch.randn(50) * 1.0).requires_grad_()
    y = InnerReLU()(x * 1.0)
    upstream = torch.randn(50)
    kept, place = upstream.clone(), upstream.data_ptr()
    (found,) = torch.autograd.grad(y, x, upstream)
    assert torch.equal(found, kept * (x > 0))
    assert torch.equal(upstream, kept * (x > 0))  # overwritten: why it must belong to nobody else
    assert upstream.data_ptr() == place


def test_without_gradients_it_is_the_plain_function() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0])
    with torch.no_grad():
        assert InnerReLU()(x) is x
    assert x.tolist() == [0.0, 0.0, 2.0]
    assert isinstance(InnerReLU(), nn.ReLU)
    with torch.inference_mode():
        assert InnerReLU()(torch.tensor([-3.0, 3.0])).tolist() == [0.0, 3.0]


def test_a_second_derivative_is_refused_and_not_wrong() -> None:
    x = torch.randn(4, requires_grad=True)
    (first,) = torch.autograd.grad((InnerReLU()(x * x) * x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
