"""What every network shares: the input's centre, padding to any size, the two heads, and the way back to pixels."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.models.recomputation import recompute
from colorlib.ops.grid import bins_of
from colorlib.ops.upsampling import upsample

Head = Literal["classification", "regression"]

MINIMUM_SIDE = 8  # pixels; the contract of every model

L_SCALE = 100.0
"""The network sees (L − 50) / 100, as in the PyTorch release; the Caffe release only subtracts 50."""

AB_SCALE = 20.0
"""The regression head's output counts in units of 20 ab, about the spread of ab in photographs, so that one learning
rate suits both heads; the user sees Lab units."""

FINAL_LAYER_STD = 1e-3
"""Spread of the last layer's weights at the start: near-uniform logits, or an ab near grey."""


class ColorNet(nn.Module, ABC):
    """A network from lightness to a distribution over ab bins, or to ab itself.

    Args:
        q: bins of the grid, the channels of the classification head.
        head: "classification" gives Q logits, "regression" gives a and b in Lab units.
        checkpointing: keep only the blocks' inputs and recompute the rest in the backward pass; may be set later.
        grid: the name of the ab grid that the bins of a classification head belong to, which has `q` of them; only
            carried along in `config`.

    Raises:
        ColorlibError: a head, a number of bins or a grid that does not exist, or bins that are not the grid's.
    """

    name: ClassVar[str]
    stride: int = params.STRIDE.value
    multiple: ClassVar[int]  # sides are padded to a multiple of this, so that every level of the network divides evenly

    def __init__(self, q: int, head: Head, checkpointing: bool, grid: str | None) -> None:
        super().__init__()
        if head not in get_args(Head):
            raise ColorlibError(f"Got head={head!r}, expected one of {', '.join(get_args(Head))}.")
        if isinstance(q, bool) or not isinstance(q, int) or q < 1:
            raise ColorlibError(f"Got q={q!r}, expected the number of bins as a positive integer, such as 313.")
        if head == "classification" and grid is not None and q != bins_of(grid):
            raise ColorlibError(f"Got q={q} for grid {grid!r}, expected its {bins_of(grid)} bins: pass as many.")
        self.q = q
        self.head: Head = head
        self.checkpointing = checkpointing
        self.grid = grid

    @property
    def config(self) -> dict[str, object]:
        """What `registry.build` needs to make this network again; plain JSON values."""
        return {"name": self.name, "q": self.q, "head": self.head, "grid": self.grid}

    @property
    def channels(self) -> int:
        """Channels of the output: Q, or 2 for regression."""
        return self.q if self.head == "classification" else 2

    @property
    @abstractmethod
    def final(self) -> nn.Conv2d:
        """The last layer, which makes the logits."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """N×1×H×W centred lightness, sides divisible by `multiple` -> N×C×(H/stride)×(W/stride), input of `final`."""

    def logits(self, lightness: Tensor) -> Tensor:
        """The head's output at the network's own stride; sample (i, j) speaks for pixel (stride·i, stride·j).

        Shape:
            lightness: N×1×H×W, L in [0, 100], floating point, H and W ≥ 8.
            Returns N×Q×⌈H/stride⌉×⌈W/stride⌉ logits; ab in Lab units, float32, for the regression head.
            Under autocast the logits have its dtype.

        Raises:
            ColorlibError: another shape, an integer dtype, a side below 8 pixels, or a training batch that leaves
                batch norm a single value a channel.
        """
        self._check(lightness)
        height, width = lightness.shape[-2:]
        x = centred(lightness)
        if height % self.multiple or width % self.multiple:
            x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        output: Tensor = self.final(self.features(x))
        output = output[..., : math.ceil(height / self.stride), : math.ceil(width / self.stride)]
        return output.float() * AB_SCALE if self.head == "regression" else output

    def forward(self, lightness: Tensor) -> Tensor:
        """`logits`, upsampled to the input's size: N×1×H×W -> N×Q×H×W (N×2×H×W for regression).

        Decoding and the loss do not need this: a photograph's full-size logits take Q floats a pixel.
        """
        height, width = lightness.shape[-2:]
        return upsample(self.logits(lightness), self.stride, height, width)

    def run(self, block: nn.Module, *inputs: Tensor) -> Tensor:
        """The block's output, recomputed in the backward pass when `checkpointing` is on."""
        if self.checkpointing and torch.is_grad_enabled():
            return recompute(block, *inputs)
        output: Tensor = block(*inputs)
        return output

    def initialise(self) -> None:
        """He-normal weights by fan-in (values that enter one output), zero biases, a small last layer."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                taps = math.prod(module.kernel_size)
                if isinstance(module, nn.ConvTranspose2d):
                    taps //= math.prod(module.stride)  # a transposed kernel's taps are shared out over the outputs
                nn.init.normal_(module.weight, std=math.sqrt(2 / (taps * module.in_channels // module.groups)))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.final.weight, std=FINAL_LAYER_STD)

    def _check(self, lightness: Tensor) -> None:
        require_lightness(lightness)
        shape = tuple(lightness.shape)
        coarse = math.ceil(shape[-2] / self.multiple) * math.ceil(shape[-1] / self.multiple)
        if self.training and shape[0] * coarse == 1:
            raise ColorlibError(
                f"Got one image of {shape[-2]}×{shape[-1]} pixels in training mode, where batch norm needs more than"
                " one value a channel; train on larger crops or batches, or call eval() to predict."
            )


def centred(lightness: Tensor) -> Tensor:
    """What the network sees of L in [0, 100]: −0.5 to 0.5."""
    return (lightness - params.L_CENTRE.value) / L_SCALE


def require_lightness(lightness: Tensor) -> None:
    """Refuse what is no N×1×H×W floating point lightness with H, W ≥ 8.

    Raises:
        ColorlibError: another shape, an integer dtype, or a side below 8 pixels.
    """
    shape = tuple(lightness.shape)
    if len(shape) != 4 or shape[1] != 1 or not lightness.is_floating_point():
        raise ColorlibError(
            f"Got lightness of shape {shape} and dtype {lightness.dtype}, expected N×1×H×W floating point with L in"
            " [0, 100]; make it with colorlib.ops, or add the two leading dimensions."
        )
    if min(shape[-2:]) < MINIMUM_SIDE:
        raise ColorlibError(
            f"Got an image of {shape[-2]}×{shape[-1]} pixels, expected at least {MINIMUM_SIDE}×{MINIMUM_SIDE};"
            " enlarge it first."
        )
