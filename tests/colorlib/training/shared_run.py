"""A run of 24 steps, alone or shared by the processes that `torchrun` starts; each writes down what it saw."""

import json
import logging
import sys
from pathlib import Path

import torch

from colorlib.training.batchnorm import SynchronisedBatchNorm2d
from colorlib.training.settings import SavingSettings, TrainingSettings
from colorlib.training.trainer import Observer, Step, train
from colorlib.training.world import World, processes
from tests.tiny_network import OBJECTIVE, SETTINGS, batches, photographs, tiny

# Ten images in batches of three: the last batch of an epoch is one image, and a process without any.
SHARED = SETTINGS.model_copy(update={"epochs": 6, "batch_size": 3, "saving": SavingSettings(steps=10, keep=1)})


def run(folder: Path, world: World, settings: TrainingSettings = SHARED) -> dict[str, object]:
    losses: list[float] = []
    norms: set[str] = set()
    # Each process starts from other weights: those of rank 0 must count.
    model = tiny(seed=world.rank)
    source = batches(settings, world.rank, world.size)

    def on_step(step: Step) -> None:
        losses.append(step.outcome.loss)
        norms.update(type(module).__name__ for module in model.modules() if "BatchNorm" in type(module).__name__)

    validation = photographs(5, 16, seed=5).tensor()
    history = train(model, OBJECTIVE, source, validation, settings, Observer(step=on_step), folder / "checkpoints")
    assert not any(isinstance(module, SynchronisedBatchNorm2d) for module in model.modules())
    return {
        "losses": losses,
        "norms": sorted(norms),
        "validation": [[epoch.val_loss, epoch.val_auc, epoch.val_chroma] for epoch in history],
        "files": [[name for batch in range(len(source)) for name in source.files(epoch, batch)] for epoch in range(6)],
        "state": {name: value.flatten().tolist() for name, value in model.state_dict().items()},
    }


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    logging.basicConfig()
    with processes() as world:
        for name, settings in {
            "batch": SHARED,
            "pieces": SHARED.model_copy(update={"micro_batch": 1, "checkpointing": True}),
            "start": SHARED.model_copy(update={"epochs": 1, "initialisation": "normalised"}),
        }.items():
            seen = run(folder / name, world, settings)
            (folder / f"{name}-{world.rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
