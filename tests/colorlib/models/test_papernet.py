import torch
from torch import nn

from colorlib.models import PaperNet, build

# The release: kind, in, out, kernel, stride, padding, dilation; a ReLU after every convolution but the last.
LAYERS = """
conv 1 64 3 1 1 1, conv 64 64 3 2 1 1, norm 64
conv 64 128 3 1 1 1, conv 128 128 3 2 1 1, norm 128
conv 128 256 3 1 1 1, conv 256 256 3 1 1 1, conv 256 256 3 2 1 1, norm 256
conv 256 512 3 1 1 1, conv 512 512 3 1 1 1, conv 512 512 3 1 1 1, norm 512
conv 512 512 3 1 2 2, conv 512 512 3 1 2 2, conv 512 512 3 1 2 2, norm 512
conv 512 512 3 1 2 2, conv 512 512 3 1 2 2, conv 512 512 3 1 2 2, norm 512
conv 512 512 3 1 1 1, conv 512 512 3 1 1 1, conv 512 512 3 1 1 1, norm 512
deconv 512 256 4 2 1 1, conv 256 256 3 1 1 1, conv 256 256 3 1 1 1
conv 256 313 1 1 0 1
"""


def describe(module: nn.Module) -> str | None:
    match module:
        case nn.BatchNorm2d():
            return f"norm {module.num_features}"
        case nn.Conv2d() | nn.ConvTranspose2d():
            kind = "deconv" if isinstance(module, nn.ConvTranspose2d) else "conv"
            numbers = (module.kernel_size, module.stride, module.padding, module.dilation)
            rest = " ".join(str(n[0]) for n in numbers)
            return f"{kind} {module.in_channels} {module.out_channels} {rest}"
        case nn.ReLU():
            return "relu"
    return None


def run_order(model: nn.Module) -> list[str]:
    order: list[str] = []
    for module in model.modules():
        if described := describe(module):
            module.register_forward_hook(lambda *_, described=described: order.append(described))
    with torch.no_grad():
        model(torch.rand(2, 1, 16, 16) * 100)
    return order


def test_layers_run_as_released() -> None:
    table = [layer.strip() for line in LAYERS.strip().splitlines() for layer in line.split(",")]
    expected: list[str] = []
    for index, layer in enumerate(table):
        expected.append(layer)
        if not layer.startswith("norm") and index < len(table) - 1:
            expected.append("relu")
    assert run_order(PaperNet()) == expected


def test_weights_are_as_many_as_released() -> None:
    model = PaperNet()
    count = {
        kind: sum(p.numel() for m in model.modules() if isinstance(m, kind) for p in m.parameters(recurse=False))
        for kind in (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)
    }
    assert count[nn.Conv2d] + count[nn.ConvTranspose2d] == 32_230_393
    assert count[nn.BatchNorm2d] == 4_992
    assert sum(p.numel() for p in model.parameters()) == 32_235_385


def test_fusion_works_at_full_resolution() -> None:
    model = PaperNet(fusion=True)
    assert model.stride == 1
    assert sum(p.numel() for p in model.parameters()) == 33_449_913
    with torch.no_grad():
        assert model.logits(torch.rand(2, 1, 13, 18) * 100).shape == (2, 313, 13, 18)
        assert model(torch.rand(2, 1, 9, 16) * 100).shape == (2, 313, 9, 16)


def test_fusion_sends_every_scale_to_the_logits_and_gradients_back() -> None:
    model = PaperNet(q=3, fusion=True)
    model.logits(torch.rand(2, 1, 16, 16) * 100).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    before = model.eval().logits(lightness := torch.rand(1, 1, 16, 16) * 100)
    for name in ("conv1", "conv2", "conv3", "conv4"):
        with torch.no_grad():
            weight = model.get_parameter(f"laterals.{name}.project.weight")
            kept = weight.clone()
            weight.zero_()
            assert not torch.equal(model.logits(lightness), before)
            weight.copy_(kept)


def test_fusion_is_in_the_configuration_and_can_recompute() -> None:
    torch.manual_seed(0)
    model = PaperNet(q=3, fusion=True)
    again = build(**model.config, checkpointing=True)
    again.load_state_dict(model.state_dict())
    lightness = torch.rand(2, 1, 16, 16) * 100
    for network in (model, again):
        network.logits(lightness).square().sum().backward()
    for expected, got in zip(model.parameters(), again.parameters(), strict=True):
        assert expected.grad is not None
        assert got.grad is not None
        assert torch.equal(expected.grad, got.grad)
