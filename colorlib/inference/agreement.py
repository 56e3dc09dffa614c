"""How far a smaller or exported form of a network strays from the network itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.metrics import AucAccumulator
from colorlib.ops.colour_difference import delta_e_2000
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.upsampling import upsample


class Network(Protocol):
    """What `ColorNet` and `OnnxNet` have in common."""

    stride: int
    head: Literal["classification", "regression"]
    grid: str | None

    def logits(self, lightness: Tensor, /) -> Tensor:
        """N×1×H×W lightness to the head's output at the network's stride."""
        ...


@dataclass(frozen=True)
class Agreement:
    """What was measured on photographs, at their own size.

    Attributes:
        photographs: how many.
        largest_ab: largest difference of a or b of any pixel, Lab units.
        delta_e: mean CIEDE2000 between the two colorizations, over all pixels.
        auc: of the network, in [0, 1], against the true colours.
        auc_lost: what the other form loses of that; negative where it gains.
    """

    photographs: int
    largest_ab: float
    delta_e: float
    auc: float
    auc_lost: float


@torch.inference_mode()
def agreement(
    network: Network, other: Network, photographs: Iterable[Tensor], temperature: float = params.TEMPERATURE.value
) -> Agreement:
    """Colorize each of `photographs` (uint8 sRGB, N×3×H×W) with both and compare the ab maps, at full size.

    Raises:
        ColorlibError: no photograph, or networks of different heads, strides or grids.
    """
    for name in ("head", "stride", "grid"):
        if getattr(network, name) != getattr(other, name):
            raise ColorlibError(
                f"Got networks whose {name} is {getattr(network, name)!r} and {getattr(other, name)!r}, expected two "
                "forms of one network: compare an export with what it was made of."
            )
    aucs = AucAccumulator(), AucAccumulator()
    count, pixels, difference, largest = 0, 0, 0.0, 0.0
    for rgb in photographs:
        lab = rgb_to_lab(rgb)
        lightness, truth = lab[:, :1], lab[:, 1:]
        maps = [predict(form, lightness, temperature) for form in (network, other)]  # (N, 2, H, W) each
        for accumulator, ab in zip(aucs, maps, strict=True):
            accumulator.update(ab, truth)
        differences = delta_e_2000(*(torch.cat([lightness, ab], dim=1) for ab in maps))  # (N, H, W)
        difference += float(differences.sum())
        pixels += differences.numel()
        largest = max(largest, float((maps[0] - maps[1]).abs().max()))
        count += len(rgb)
    if count == 0:
        raise ColorlibError("Got no photograph to compare on, expected at least one: name a folder that has some.")
    auc, other_auc = (accumulator.compute() for accumulator in aucs)
    return Agreement(count, largest, difference / pixels, auc, auc - other_auc)


def predict(network: Network, lightness: Tensor, temperature: float) -> Tensor:
    """The ab map N×2×H×W that the network gives for L (N×1×H×W), Lab units."""
    output = network.logits(lightness)
    if network.head == "classification":
        if network.grid is None:
            raise ColorlibError("the network does not name the grid of its bins: build it with grid='paper' or 'full'")
        output = annealed_mean(output, Grid.by_name(network.grid), temperature)
    return upsample(output.float(), network.stride, *lightness.shape[-2:])
