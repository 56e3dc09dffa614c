"""The paper's network, layer for layer (figure 2; the release's deploy prototxt)."""

from typing import ClassVar

from torch import Tensor, nn

from colorlib import params
from colorlib.models.base import ColorNet, Head
from colorlib.models.fusion import Lateral, doubling
from colorlib.models.rectifier import InnerReLU

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
STRIDE_2_CHANNELS, STRIDE_1_CHANNELS = 128, 64  # with fusion


def block(channels: int, width: int, convolutions: int, stride: int, dilation: int) -> nn.Sequential:
    """3×3 convolutions, each followed by ReLU, the last one strided; batch norm ends the block, after the ReLU."""
    layers: list[nn.Module] = []
    for index in range(convolutions):
        step = stride if index == convolutions - 1 else 1
        layers.append(nn.Conv2d(channels, width, 3, stride=step, padding=dilation, dilation=dilation))
        layers.append(InnerReLU())
        channels = width
    return nn.Sequential(*layers, nn.BatchNorm2d(width))


class PaperNet(ColorNet):
    """Eight blocks: three halvings, dilation 2 in conv5 and conv6, and a transposed convolution back to stride 4.

    32,235,385 weights at Q = 313: 32,230,393 in convolutions and 4,992 in batch norm's affine (the Caffe release's
    batch norm has none). Source: section 2 and figure 2 of the paper, colorization_deploy_v2.prototxt of the release.

    With `fusion`, our extension: conv3 and conv4 are added to conv7, conv2 to conv8, conv1 to a decoder that goes on to
    full resolution, so `stride` is 1. 33,449,913 weights at Q = 313. Its logits take Q floats a pixel.
    """

    name: ClassVar[str] = "papernet"
    multiple: ClassVar[int] = 8

    def __init__(
        self,
        q: int = params.BINS.value,
        head: Head = "classification",
        checkpointing: bool = False,
        fusion: bool = False,
        grid: str | None = None,
    ) -> None:
        super().__init__(q, head, checkpointing, grid)
        self.fusion = fusion
        channels = 1
        self.blocks = nn.ModuleDict()
        for name, (width, convolutions, stride, dilation) in BLOCKS.items():
            self.blocks[name] = block(channels, width, convolutions, stride, dilation)
            channels = width
        self.blocks["conv8"] = nn.Sequential(
            nn.ConvTranspose2d(channels, DECODER_CHANNELS, 4, stride=2, padding=1),
            InnerReLU(),
            nn.Conv2d(DECODER_CHANNELS, DECODER_CHANNELS, 3, padding=1),
            InnerReLU(),
            nn.Conv2d(DECODER_CHANNELS, DECODER_CHANNELS, 3, padding=1),
            nn.ReLU(inplace=True),  # with fusion a sum follows
        )
        channels = DECODER_CHANNELS
        if fusion:
            self.stride = 1
            self.laterals = nn.ModuleDict(
                {
                    "conv4": Lateral(512, 512),
                    "conv3": Lateral(256, 512),
                    "conv2": Lateral(128, DECODER_CHANNELS),
                    "conv1": Lateral(64, STRIDE_2_CHANNELS),
                }
            )
            self.to_stride_2 = doubling(DECODER_CHANNELS, STRIDE_2_CHANNELS)
            self.to_stride_1 = doubling(STRIDE_2_CHANNELS, STRIDE_1_CHANNELS)
            channels = STRIDE_1_CHANNELS
        self.out = nn.Conv2d(channels, self.channels, 1)
        self.initialise()

    @property
    def config(self) -> dict[str, object]:
        """What `registry.build` needs to make this network again; plain JSON values."""
        return super().config | {"fusion": self.fusion}

    @property
    def final(self) -> nn.Conv2d:
        """The 1×1 convolution conv8_313, or its counterpart at full resolution."""
        return self.out

    def features(self, x: Tensor) -> Tensor:
        """N×1×H×W -> N×256×(H/4)×(W/4), the output of conv8_3; N×64×H×W with fusion."""
        if self.fusion:
            return self._fused(x)
        for part in self.blocks.values():
            x = self.run(part, x)
        return x

    def _fused(self, x: Tensor) -> Tensor:
        maps: dict[str, Tensor] = {}
        for name in BLOCKS:
            x = maps[name] = self.run(self.blocks[name], x)
        x = self.laterals["conv3"](self.laterals["conv4"](x, maps["conv4"]), maps["conv3"])  # (N, 512, H/8, W/8)
        x = self.laterals["conv2"](self.run(self.blocks["conv8"], x), maps["conv2"])  # (N, 256, H/4, W/4)
        x = self.laterals["conv1"](self.run(self.to_stride_2, x), maps["conv1"])  # (N, 128, H/2, W/2)
        return self.run(self.to_stride_1, x)  # (N, 64, H, W)
