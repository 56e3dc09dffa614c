"""The paper's network, layer for layer (figure 2; the release's deploy prototxt)."""

from typing import ClassVar

from torch import Tensor, nn

from colorlib import params
from colorlib.models.base import ColorNet, Head

# block: output channels, convolutions, stride of the last one, dilation
BLOCKS = {
    "conv1": (64, 2, 2, 1),
    "conv2": (128, 2, 2, 1),
    "conv3": (256, 3, 2, 1),
    "conv4": (512, 3, 1, 1),
    "conv5": (512, 3, 1, 2),
    "conv6": (512, 3, 1, 2),
    "conv7": (512, 3, 1, 1),
}
DECODER_CHANNELS = 256


def block(channels: int, width: int, convolutions: int, stride: int, dilation: int) -> nn.Sequential:
    """3×3 convolutions, each followed by ReLU, the last one strided; batch norm ends the block, after the ReLU."""
    layers: list[nn.Module] = []
    for index in range(convolutions):
        step = stride if index == convolutions - 1 else 1
        layers.append(nn.Conv2d(channels, width, 3, stride=step, padding=dilation, dilation=dilation))
        layers.append(nn.ReLU(inplace=True))
        channels = width
    return nn.Sequential(*layers, nn.BatchNorm2d(width))


class PaperNet(ColorNet):
    """Eight blocks: three halvings, dilation 2 in conv5 and conv6, and a transposed convolution back to stride 4.

    32,235,385 weights at Q = 313: 32,230,393 in convolutions and 4,992 in batch norm's affine (the Caffe release's
    batch norm has none). Source: section 2 and figure 2 of the paper, colorization_deploy_v2.prototxt of the release.
    """

    name: ClassVar[str] = "papernet"
    multiple: ClassVar[int] = 8

    def __init__(
        self,
        q: int = params.BINS.value,
        head: Head = "classification",
        checkpointing: bool = False,
        grid: str | None = None,
    ) -> None:
        super().__init__(q, head, checkpointing, grid)
        channels = 1
        self.blocks = nn.ModuleDict()
        for name, (width, convolutions, stride, dilation) in BLOCKS.items():
            self.blocks[name] = block(channels, width, convolutions, stride, dilation)
            channels = width
        self.blocks["conv8"] = nn.Sequential(
            nn.ConvTranspose2d(channels, DECODER_CHANNELS, 4, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(DECODER_CHANNELS, DECODER_CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(DECODER_CHANNELS, DECODER_CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.out = nn.Conv2d(DECODER_CHANNELS, self.channels, 1)
        self.initialise()

    @property
    def final(self) -> nn.Conv2d:
        """The 1×1 convolution conv8_313."""
        return self.out

    def features(self, x: Tensor) -> Tensor:
        """N×1×H×W -> N×256×(H/4)×(W/4): the output of conv8_3."""
        for part in self.blocks.values():
            x = self.run(part, x)
        return x
