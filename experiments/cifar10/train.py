"""One run of the experiment. `python -m experiments.cifar10.train RUN SEED`."""

import argparse
import json
import subprocess
import time
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
from colorlib.pipeline.train import history_csv
from colorlib.priors import read_bin_table
from colorlib.training.objective import Classification, Objective, Regression
from colorlib.training.trainer import Epoch, Observer, train
from experiments.cifar10.network import SmallNet
from experiments.cifar10.settings import DATA, RUNS, STATISTICS, Experiment, kind_of, load_experiment

WEIGHTS, HISTORY, FACTS = "weights.safetensors", "history.csv", "facts.json"


def main(name: str, seed: int) -> None:
    """Train one run and write its weights, its history and what it took, whole or not at all."""
    experiment = load_experiment()
    target = RUNS / f"{name}-{seed}"
    if (target / WEIGHTS).is_file():
        console.print(f"{target} is there: nothing to do; remove it to train again")
        return
    rate = experiment.learning_rates[kind_of(experiment.run(name))]
    began, busy = time.monotonic(), time.process_time()
    model, _, history = trained(experiment, experiment.run(name), seed, rate, experiment.train.epochs, name)
    facts = {
        "run": name,
        "seed": seed,
        "learning_rate": rate,
        "epochs": experiment.train.epochs,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "seconds": round(time.monotonic() - began, 1),
        "processor_seconds": round(time.process_time() - busy, 1),
        "threads": torch.get_num_threads(),
        "commit": commit(),
    }
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    with atomic_path(target) as folder:
        folder.mkdir()
        safetensors.torch.save_file(state, folder / WEIGHTS)
        write_text(folder / HISTORY, history_csv(history))
        write_text(folder / FACTS, json.dumps(facts, indent=2) + "\n")
    console.print(f"{name}, seed {seed}: validation AuC {history[-1].val_auc:.4f} -> {target}")


def commit() -> str:
    """The commit of the working tree, with "+" where it holds changes; "not recorded" outside a repository."""
    try:
        head, changes = (
            subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()
            for words in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "not recorded"
    return head + ("+" if changes else "")


def trained(
    experiment: Experiment, run: RunSettings, seed: int, rate: float, epochs: int, title: str
) -> tuple[ColorNet, Objective, list[Epoch]]:
    """Train one network from `seed` at the peak learning rate `rate` for `epochs`."""
    data = read_cifar10(DATA, "train", experiment.validation)
    validation = read_cifar10(DATA, "val", experiment.validation).tensor()
    settings = experiment.training(rate, epochs)
    batches = TrainingBatches(data, settings.batch_size, settings.crop, seed)
    torch.manual_seed(seed)
    model, objective = build(run)
    with progress(f"{title}, seed {seed}", settings.epochs * len(batches)) as advance:
        observer = Observer(step=lambda step: advance(f"loss {step.outcome.loss:.1f}"))
        history = train(model, objective, batches, validation, settings, observer)
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
