"""Predictions to rehearse: what `footprint` predicts the memory of."""

import torch

from colorlib.models import registry
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from footprint import Prepare, Step

CPU = torch.device("cpu")


def prediction(
    config: dict[str, object],
    height: int,
    width: int,
    dtype: torch.dtype = torch.float32,
    batch: int = 1,
    device: torch.device = CPU,
) -> Prepare:
    """From a network in evaluation mode to ab at its stride, for `footprint.inference_peak`.

    Pictures are the caller's: the lightness at the network's size is in it, full-size Lab and sRGB are not.

    Args:
        config: of the network, as `model.config`.
        height: of what the network sees, in pixels; of a tile with its overlap, for instance.
        width: the same.
        dtype: of the forward pass, by autocast.
        batch: images or tiles at once.
        device: of a real run; a rehearsal stays on the CPU, whatever it stands for.
    """
    grid = Grid.by_name(str(config["grid"] or "paper")) if config["head"] == "classification" else None

    def prepare() -> tuple[torch.nn.Module, Step]:
        model = registry.build(**config).eval()  # type: ignore[arg-type]  # its name is a str
        model.to(device)
        lightness = torch.zeros((batch, 1, height, width), device=device)

        @torch.inference_mode()
        def step() -> torch.Tensor:
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                output = model.logits(lightness)
            return output if grid is None else annealed_mean(output, grid)

        return model, step

    return prepare
