import torch
from torch import nn

from colorlib.models import PaperNet

# The release's layer table: kind, in, out, kernel, stride, padding, dilation. Batch norm after every ReLU that ends conv1-7.
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
