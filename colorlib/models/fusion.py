"""Multi-scale feature fusion and a decoder to full resolution: our extension of the paper's network."""

from torch import Tensor, nn

from colorlib.models.rectifier import InnerReLU


class Lateral(nn.Module):
    """Adds an encoder map to a decoder map of the same resolution, through a 1×1 convolution."""

    def __init__(self, encoder: int, decoder: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(encoder, decoder, 1, bias=False)

    def forward(self, decoder: Tensor, encoder: Tensor) -> Tensor:
        """N×D×h×w and N×E×h×w -> N×D×h×w."""
        fused: Tensor = decoder + self.project(encoder)
        return fused


def doubling(channels: int, width: int) -> nn.Sequential:
    """Twice the resolution: transposed 4/2/1 as in conv8_1, then a 3×3 convolution; batch norm after the ReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels, width, 4, stride=2, padding=1),
        InnerReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        InnerReLU(),
        nn.BatchNorm2d(width),
    )
