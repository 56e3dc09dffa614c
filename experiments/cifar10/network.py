"""A network of the paper's shape for 32×32 pixels: small enough that fifteen runs fit on two processor cores."""

from typing import ClassVar

from torch import Tensor, nn

from colorlib import params
from colorlib.models.base import ColorNet, Head


def convolution(channels: int, width: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolution 3×3, ReLU, batch norm: the paper's order."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride, padding=dilation, dilation=dilation),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(width),
    )


class SmallNet(ColorNet):
    """As the paper's network: halved three times, dilated convolutions at stride 8, a transposed one back to stride 4.

    32×32 pixels give 4×4 positions at stride 8, where a dilated convolution sees the whole image, and 8×8 targets.
    """

    name: ClassVar[str] = "smallnet"
    multiple: ClassVar[int] = 8

    def __init__(self, q: int = params.BINS.value, head: Head = "classification", grid: str | None = None) -> None:
        super().__init__(q, head, checkpointing=False, grid=grid)
        self.body = nn.Sequential(
            convolution(1, 32, stride=2),
            convolution(32, 64, stride=2),
            convolution(64, 64),
            convolution(64, 128, stride=2),
            convolution(128, 128),
            convolution(128, 128, dilation=2),
            convolution(128, 128, dilation=2),
            convolution(128, 128),
            nn.ConvTranspose2d(128, 96, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(96, 96, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.out = nn.Conv2d(96, self.channels, 1)
        self.initialise()

    @property
    def final(self) -> nn.Conv2d:
        """The 1×1 convolution to the bins."""
        return self.out

    def features(self, x: Tensor) -> Tensor:
        """N×1×H×W -> N×96×(H/4)×(W/4)."""
        features: Tensor = self.run(self.body, x)
        return features
