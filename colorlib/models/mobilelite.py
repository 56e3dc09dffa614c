"""A light network of depthwise-separable convolutions that spends its arithmetic at low resolution."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from colorlib import params
from colorlib.models.base import ColorNet, Head

STEM_CHANNELS = 32

# level: output channels, separable convolutions (the first one halves the resolution)
ENCODER = {
    "level4": (64, 1),
    "level8": (128, 2),
    "level16": (384, 5),
    "level32": (1024, 6),
}
# level: output channels, separable convolutions after the merge
DECODER = {
    "level16": (512, 2),
    "level8": (256, 1),
    "level4": (96, 1),
}


class Separable(nn.Module):
    """Depthwise 3×3, pointwise 1×1, batch norm, ReLU; with a shortcut around it where the shape stays."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.shortcut = stride == 1 and channels == width

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W -> N×width×⌈H/stride⌉×⌈W/stride⌉."""
        y = F.relu(self.norm(self.pointwise(self.depthwise(x))), inplace=True)
        return x + y if self.shortcut else y


def level(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    """Separable convolutions of one resolution; the first one changes width and resolution."""
    first = Separable(channels, width, stride)
    return nn.Sequential(first, *(Separable(width, width) for _ in range(blocks - 1)))


class Merge(nn.Module):
    """Brings a coarse map up to the next finer level, adds that level's encoder map, and mixes the two."""

    def __init__(self, coarse: int, fine: int, width: int, blocks: int) -> None:
        super().__init__()
        # The pointwise convolution comes before the enlargement: a quarter of the arithmetic, the same function.
        self.coarse = nn.Conv2d(coarse, width, 1, bias=False)
        self.fine = nn.Conv2d(fine, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.mix = level(width, width, blocks, stride=1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """N×C×h×w and N×F×2h×2w -> N×width×2h×2w."""
        enlarged = F.interpolate(self.coarse(coarse), scale_factor=2, mode="nearest")
        merged: Tensor = self.mix(F.relu(self.norm(enlarged + self.fine(fine)), inplace=True))
        return merged


class MobileLite(ColorNet):
    """An encoder to stride 32, where a 128-pixel crop is 4×4 and one separable convolution sees most of the scene, and
    a decoder back to stride 4 with a shortcut from every level. Batch norm sits before the ReLU, as in MobileNet.
    """

    name: ClassVar[str] = "mobilelite"
    multiple: ClassVar[int] = 32

    def __init__(
        self,
        q: int = params.BINS.value,
        head: Head = "classification",
        checkpointing: bool = False,
        grid: str | None = None,
    ) -> None:
        super().__init__(q, head, checkpointing, grid)
        self.stem = nn.Sequential(
            nn.Conv2d(1, STEM_CHANNELS, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(STEM_CHANNELS),
            nn.ReLU(inplace=True),
        )
        channels = STEM_CHANNELS
        self.encoder = nn.ModuleDict()
        for name, (width, blocks) in ENCODER.items():
            self.encoder[name] = level(channels, width, blocks, stride=2)
            channels = width
        self.decoder = nn.ModuleDict()
        for name, (width, blocks) in DECODER.items():
            self.decoder[name] = Merge(channels, ENCODER[name][0], width, blocks)
            channels = width
        self.out = nn.Conv2d(channels, self.channels, 1)
        self.initialise()

    @property
    def final(self) -> nn.Conv2d:
        """The 1×1 convolution to the bins."""
        return self.out

    def features(self, x: Tensor) -> Tensor:
        """N×1×H×W -> N×96×(H/4)×(W/4)."""
        x = self.run(self.stem, x)
        skips: dict[str, Tensor] = {}
        for name, part in self.encoder.items():
            x = skips[name] = self.run(part, x)
        for name, part in self.decoder.items():
            x = self.run(part, x, skips[name])
        return x
