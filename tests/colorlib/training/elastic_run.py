"""A run from shards in processes of `torchrun`, of which some die by SIGKILL in their first or second life.

`elastic_run.py FOLDER SHARDS [DEATHS]` goes on with the checkpoints in FOLDER and writes there, for each rank, a line a
step and the hash of the final weights. DEATHS is JSON: {"life": [rank, way, number]}, a way being one of `killed_runs`.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import safetensors.torch
import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.shard_source import open_shards
from colorlib.training.settings import SavingSettings
from colorlib.training.trainer import Observer, Step, train
from colorlib.training.world import World, processes
from tests.colorlib.training import killed_runs
from tests.tiny_network import OBJECTIVE, SETTINGS, photographs, tiny

# Eleven images in batches of three: ranks have different parts of every batch, and the last one has two images.
ELASTIC = SETTINGS.model_copy(update={"batch_size": 3, "saving": SavingSettings(minutes=None, steps=2, keep=100)})
SIZE = 20


def run(folder: Path, shards: Path, world: World) -> None:
    folder.mkdir(exist_ok=True)
    model, life = tiny(seed=world.rank), os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    source = TrainingBatches(
        open_shards(shards, SIZE), ELASTIC.batch_size, ELASTIC.crop, 0, rank=world.rank, world=world.size
    )
    with (folder / f"steps-{world.rank}.jsonl").open("a", buffering=1) as notes:

        def on_step(step: Step) -> None:
            batch = (step.number - 1) % len(source)
            seen = {"life": int(life), "step": step.number, "epoch": step.epoch, "loss": step.outcome.loss}
            notes.write(json.dumps(seen | {"files": source.files(step.epoch, batch)}) + "\n")

        validation = photographs(5, 16, seed=5).tensor()
        train(model, OBJECTIVE, source, validation, ELASTIC, Observer(step=on_step), folder / "checkpoints")
    tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    (folder / f"hash-{world.rank}").write_text(hashlib.sha256(safetensors.torch.save(tensors)).hexdigest())


def main(folder: Path, shards: Path, deaths: dict[str, tuple[int, str, int]]) -> None:
    torch.set_num_threads(1)
    with processes() as world:
        victim, way, number = deaths.get(os.environ["TORCHELASTIC_RESTART_COUNT"], (None, "", 0))
        if victim == world.rank:
            getattr(killed_runs, way)(number)
        run(folder, shards, world)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
