"""What this library trains and predicts with: the adapter that an audit of memory is pointed at."""

from collections.abc import Sequence

import torch

from colorlib import params
from colorlib.inference.footprints import prediction
from colorlib.ops.grid import Grid
from colorlib.training.footprints import training_step
from colorlib.training.objective import Classification
from colorlib.training.settings import TrainingSettings
from footprint import Prepare

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MODELS: dict[str, dict[str, object]] = {
    "papernet": {"name": "papernet"},
    "papernet-fusion": {"name": "papernet", "fusion": True},
    "mobilelite": {"name": "mobilelite"},
}


class Workloads:
    """The networks, the trainer's step with rebalanced classification over the paper's grid, and prediction at stride.

    Attributes:
        models: the networks.
        precisions: of the forward pass; fp16 takes what bf16 takes.
        checkpointing: activations can be recomputed.
        crop: side of the crops in the table, in pixels.
        small: side in the checks; on maps of 2×2 oneDNN's depthwise convolutions take scratch space of their own.
        multiple: sides of tiles are multiples of it.
    """

    models: Sequence[str] = tuple(MODELS)
    precisions: Sequence[str] = ("fp32", "bf16")
    checkpointing = True
    crop = params.CROP_SIZE.value
    small = 96
    multiple = 32

    def training(self, model: str, batch: int, side: int, precision: str, checkpointing: bool, device: str) -> Prepare:
        """A training step of the trainer."""
        grid = Grid.paper()
        objective = Classification(grid, torch.ones(len(grid)))
        settings = TrainingSettings(batch_size=batch, crop=side, checkpointing=checkpointing)
        return training_step(config(model), objective, settings, DTYPES[precision], torch.device(device))

    def inference(self, model: str, side: int, precision: str, device: str) -> Prepare:
        """The ab map of one square."""
        return prediction(config(model), side, side, DTYPES[precision], device=torch.device(device))


def config(model: str) -> dict[str, object]:
    """What `registry.build` needs for one of `MODELS`."""
    return {"q": params.BINS.value, "head": "classification", "grid": "paper", **MODELS[model]}


def memory() -> Workloads:
    """The library as it comes."""
    return Workloads()
