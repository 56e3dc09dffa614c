"""The learning rate of each kind of objective, chosen once on the validation images by the objective's own loss.

`python -m experiments.cifar10.search` writes search.json; params.yaml names what was chosen.
"""

import json

import torch

from colorlib.data.cifar10 import read_cifar10
from colorlib.files import write_text
from colorlib.models.base import ColorNet
from colorlib.pipeline.stage import console, run_stage
from colorlib.training.objective import Objective
from colorlib.training.trainer import network_pair
from experiments.cifar10.settings import DATA, SEARCH, load_experiment
from experiments.cifar10.train import trained

REPRESENTATIVES = {"regression": "regression", "plain": "class-313-plain", "rebalanced": "class-313-rebalanced"}
BATCH = 250  # images; bounds the memory


def main() -> None:
    """Train each kind of objective with each candidate, and write the losses on the validation images."""
    experiment = load_experiment()
    images = read_cifar10(DATA, "val", experiment.validation).tensor()
    trials: dict[str, dict[str, float]] = {}
    if SEARCH.is_file():
        trials = json.loads(SEARCH.read_text(encoding="utf-8"))
    for kind, name in REPRESENTATIVES.items():
        for rate in experiment.search.candidates:
            if str(rate) in trials.setdefault(kind, {}):
                continue
            search = experiment.search
            model, objective, _ = trained(experiment, experiment.run(name), search.seed, rate, search.epochs, name)
            trials[kind][str(rate)] = objective_loss(model, objective, images)
            write_text(SEARCH, json.dumps(trials, indent=2) + "\n")
            console.print(f"{kind} at {rate}: {trials[kind][str(rate)]:.4f}")


@torch.no_grad()
def objective_loss(model: ColorNet, objective: Objective, images: torch.Tensor) -> float:
    """What the objective minimises, on uint8 sRGB N×3×H×W: summed over an image's pixels, averaged over images."""
    model.eval()
    total = 0.0
    for rgb in torch.split(images, BATCH):
        lightness, ab = network_pair(rgb, model.stride)
        total += float(objective.losses(model.logits(lightness), ab).objective) * len(rgb)
    return total / len(images)


if __name__ == "__main__":
    run_stage("search", main)
