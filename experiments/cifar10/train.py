"""One run of the experiment. `python -m experiments.cifar10.train RUN SEED`."""

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.cifar10 import read_cifar10
from colorlib.files import atomic_path, write_text
from colorlib.models.base import ColorNet
from colorlib.ops.grid import Grid
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import RunSettings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import git_commit
from colorlib.pipeline.train import history_csv
from colorlib.priors import read_bin_table
from colorlib.training.objective import Classification, Objective, Regression
from colorlib.training.trainer import Epoch, Observer, Step, train
from experiments.cifar10.network import SmallNet
from experiments.cifar10.settings import CHECKPOINTS, DATA, RUNS, STATISTICS, Experiment, kind_of, load_experiment

WEIGHTS, HISTORY, FACTS = "weights.safetensors", "history.csv", "facts.json"
SPENT = "spent.json"  # beside the checkpoints


def main(name: str, seed: int) -> None:
    """Train one run and write its weights, its history and what it took, whole or not at all.

    A run that was killed goes on from its newest checkpoint; when it is finished, the checkpoints go.
    """
    experiment = load_experiment()
    target, checkpoints = RUNS / f"{name}-{seed}", CHECKPOINTS / f"{name}-{seed}"
    if (target / WEIGHTS).is_file():
        console.print(f"{target} is there: nothing to do; remove it to train again")
        return
    rate = experiment.learning_rates[kind_of(experiment.run(name))]
    spent = Spent(checkpoints / SPENT)
    model, _, history = trained(
        experiment, experiment.run(name), seed, rate, experiment.train.epochs, name, checkpoints, spent.note
    )
    seconds, processor_seconds = spent.so_far()
    facts = {
        "run": name,
        "seed": seed,
        "learning_rate": rate,
        "epochs": experiment.train.epochs,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds, 1),
        "threads": torch.get_num_threads(),
        "commit": git_commit(),
    }
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    with atomic_path(target) as folder:
        folder.mkdir()
        safetensors.torch.save_file(state, folder / WEIGHTS)
        write_text(folder / HISTORY, history_csv(history))
        write_text(folder / FACTS, json.dumps(facts, indent=2) + "\n")
    shutil.rmtree(checkpoints)
    console.print(f"{name}, seed {seed}: validation AuC {history[-1].val_auc:.4f} -> {target}")


class Spent:
    """The time that a run has taken in all its lives, kept in a file beside its checkpoints.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else [0.0, 0.0]
        self._began = time.monotonic(), time.process_time()

    def so_far(self) -> list[float]:
        """Seconds on the clock, and of the processor."""
        now = time.monotonic(), time.process_time()
        return [before + end - start for before, start, end in zip(self._before, self._began, now, strict=True)]

    def note(self) -> None:
        """Write it down; whatever comes after is lost when the process is killed."""
        write_text(self._path, json.dumps(self.so_far()) + "\n")


def trained(
    experiment: Experiment,
    run: RunSettings,
    seed: int,
    rate: float,
    epochs: int,
    title: str,
    checkpoints: Path | None = None,
    after_step: Callable[[], None] = lambda: None,
) -> tuple[ColorNet, Objective, list[Epoch]]:
    """Train one network from `seed` at the peak learning rate `rate` for `epochs`; go on from `checkpoints`."""
    data = read_cifar10(DATA, "train", experiment.validation)
    validation = read_cifar10(DATA, "val", experiment.validation).tensor()
    settings = experiment.training(rate, epochs)
    batches = TrainingBatches(data, settings.batch_size, settings.crop, seed)
    torch.manual_seed(seed)
    model, objective = build(run)
    with progress(f"{title}, seed {seed}", settings.epochs * len(batches)) as advance:

        def on_begin(done: int, source: Path | None) -> None:
            if source is not None:
                console.print(f"{title}, seed {seed}: goes on after step {done}, from {source}")
                advance("", pieces=done)

        def on_step(step: Step) -> None:
            advance(f"loss {step.outcome.loss:.1f}")
            after_step()

        observer = Observer(on_begin, on_step)
        history = train(model, objective, batches, validation, settings, observer, checkpoints)
    return model, objective, history


def build(run: RunSettings) -> tuple[ColorNet, Objective]:
    """The untrained network and the objective of a run."""
    if run.objective == "regression":
        return SmallNet(head="regression"), Regression()
    grid = Grid.by_name(run.grid)
    table = read_bin_table(STATISTICS / f"{grid.name}.csv", grid)
    weights = table.weights.float() if run.rebalancing else None
    return SmallNet(q=len(grid), grid=grid.name), Classification(grid, weights)


def load(folder: Path, run: RunSettings) -> tuple[ColorNet, Objective]:
    """The network that `main` left in `folder`, in evaluation mode, and its objective."""
    model, objective = build(run)
    model.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    return model.eval(), objective


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m experiments.cifar10.train", description="Train one run.")
    parser.add_argument("name", help="a key of runs in experiments/cifar10/params.yaml")
    parser.add_argument("seed", type=int, help="one of seeds there")
    chosen = parser.parse_args()
    run_stage(f"train {chosen.name}", lambda: main(chosen.name, chosen.seed))
