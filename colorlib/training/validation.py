"""How well a network does on photographs it does not learn from, at its own stride."""

import logging

import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.metrics import AucAccumulator, chroma
from colorlib.models.base import ColorNet
from colorlib.ops.lab import rgb_to_lab
from colorlib.training.memory import is_out_of_memory, release
from colorlib.training.objective import Objective
from colorlib.training.world import World

logger = logging.getLogger(__name__)

ALONE = World()


def validate(
    model: ColorNet, objective: Objective, images: Tensor, batch_size: int, dtype: torch.dtype, world: World = ALONE
) -> tuple[float, float, float]:
    """Unweighted loss, AuC and mean chroma over `images`; the model is left in evaluation mode.

    Args:
        model: on any device.
        objective: made for the model's head.
        images: uint8 sRGB, N×3×H×W, the same in every process; each looks at its part of them.
        batch_size: images at once; halved when memory runs out.
        dtype: of the forward pass.
        world: the processes of the run.

    Raises:
        ColorlibError: not even one image fits into memory.
    """
    model.eval()
    part = images[world.rank :: world.size]
    while (found := _sums(model, objective, part, batch_size, dtype)) is None:
        release(next(model.parameters()).device)
        if batch_size == 1:
            raise ColorlibError(
                f"out of memory in validation with one image of {images.shape[-2]}×{images.shape[-1]} pixels: lower "
                "prepare.size, or use a machine with more memory"
            )
        batch_size -= batch_size // 2
        logger.warning("out of memory in validation: %d images at once from now on", batch_size)
    loss, colour, weight, error = world.add_up(found).tolist()
    accumulator = AucAccumulator()
    accumulator.sums = torch.tensor([weight, error], dtype=torch.float64)
    return loss / len(images), accumulator.compute(), colour / len(images)


def network_pair(rgb: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """From uint8 sRGB N×3×H×W: L N×1×H×W, and every `stride`-th ab pixel (not averaged, as released) N×2×h×w."""
    lab = rgb_to_lab(rgb)
    return lab[:, :1], lab[:, 1:, ::stride, ::stride].contiguous()


@torch.no_grad()
def _sums(model: ColorNet, objective: Objective, images: Tensor, batch_size: int, dtype: torch.dtype) -> Tensor | None:
    """[Σ loss, Σ chroma, AuC's two sums] in float64, on the model's device; None where memory ran out."""
    device = next(model.parameters()).device
    accumulator, loss, colour = AucAccumulator(), 0.0, 0.0
    try:
        for rgb in torch.split(images, batch_size) if len(images) else ():
            lightness, ab = network_pair(rgb.to(device), model.stride)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                output = model.logits(lightness)
            loss += float(objective.losses(output, ab).unweighted) * len(rgb)
            prediction = objective.decode(output)
            accumulator.update(prediction, ab)
            colour += chroma(prediction) * len(rgb)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None
    return torch.tensor([loss, colour, *accumulator.sums.tolist()], dtype=torch.float64, device=device)
