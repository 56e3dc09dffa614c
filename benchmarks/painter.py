"""Networks that paint in colour, made in seconds.

An untrained network is no load to measure with: in evaluation mode its logits run into the thousands, and most of its
colours lie outside sRGB. Nor does it show how far bf16 is from fp32: a last layer fitted to the chaos that twenty
random layers make amplifies any rounding, while trained layers are close to well conditioned. Here every 3×3
convolution passes on its input and adds half as much at random, all are brought to unit scale on photographs, and the
last layer is trained on their colours. Where the pipeline has trained a network, `PIPELINE` names it, and the suite
measures that one as well.
"""

from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from benchmarks.photographs import as_batch
from colorlib import params
from colorlib.models import ColorNet
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.training.initialisation import initialise

PIPELINE = Path(__file__).parents[1] / "models/class-313-rebalanced"
RANDOM_SHARE = 0.5
STEPS = 100
SAMPLES = 1024  # pixels a step
NOISE = 0.5  # added to the features in training, in their standard deviations: no weight on what is not robust
LEARNING_RATE = 0.02

Net = TypeVar("Net", bound=ColorNet)


def painter(kind: type[Net], images: list[Image.Image]) -> Net:
    """A network for the paper's grid that paints as described, in evaluation mode; always the same one.

    Args:
        kind: a class of `colorlib.models`.
        images: equally large, sides divisible by its `multiple`.
    """
    torch.manual_seed(0)
    model = kind(q=params.BINS.value, head="classification", checkpointing=False, grid="paper")
    lab = rgb_to_lab(as_batch(images))
    _pass_on(model)
    initialise(model, [lab[:, :1]])
    features = _features(model, lab[:, :1])
    bins = Grid.paper().nearest(lab[:, 1:, :: model.stride, :: model.stride].contiguous()).flatten()  # (P,)
    _train(model.final, features, bins)
    return model.eval().requires_grad_(False)


@torch.no_grad()
def _pass_on(model: ColorNet) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) and layer.groups == 1 < layer.in_channels:
            copies = max(1, layer.out_channels // layer.in_channels)
            identity = nn.init.dirac_(torch.empty_like(layer.weight), groups=copies)
            layer.weight.mul_(RANDOM_SHARE).add_(identity)


@torch.no_grad()
def _features(model: ColorNet, lightness: Tensor) -> Tensor:
    """What the last layer sees, P×C; on the way batch norm takes over the images' mean and variance."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    held: list[Tensor] = []
    handle = model.final.register_forward_pre_hook(lambda _module, inputs: held.append(inputs[0]))
    model.train().logits(lightness)
    handle.remove()
    return held[0].permute(0, 2, 3, 1).flatten(0, 2)  # (P, C)


def _train(layer: nn.Conv2d, features: Tensor, bins: Tensor) -> None:
    layer.reset_parameters()
    optimiser = torch.optim.Adam(layer.parameters(), lr=LEARNING_RATE)
    for _ in range(STEPS):
        chosen = torch.randint(len(bins), (SAMPLES,))
        seen = features[chosen]
        seen = seen + NOISE * features.std() * torch.randn_like(seen)
        loss = F.cross_entropy(F.linear(seen, layer.weight.flatten(1), layer.bias), bins[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
