"""All finished runs and the baselines on the official test set. `python -m experiments.cifar10.evaluate`.

Protocol: the test images that selection.csv does not leave out; ab predicted at stride 4 (8×8), upsampled bilinearly
to 32×32 and compared there. Rebalanced AuC weighs pixels by 1/p̃ on the 313 bins for every run alike, p̃ being the
smoothed prior of the training images.
"""

import json
from collections.abc import Callable

import torch
from torch import Tensor

from colorlib.data.cifar10 import read_cifar10
from colorlib.files import write_text
from colorlib.inference.recombine import recombine
from colorlib.metrics import auc, chroma, psnr, rebalanced_auc
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.upsampling import upsample
from colorlib.pipeline.progress import progress
from colorlib.pipeline.stage import console, run_stage
from colorlib.priors import BinTable, read_bin_table
from experiments.cifar10.select import left_out
from experiments.cifar10.settings import DATA, RESULTS, RUNS, STATISTICS, load_experiment
from experiments.cifar10.train import FACTS, HISTORY, WEIGHTS, load

BATCH = 250  # images; bounds the memory

Predictor = Callable[[Tensor], Tensor]  # L, N×1×H×W -> ab, N×2×H×W
Metrics = dict[str, float]


def main() -> None:
    """Write metrics.json: the metrics of the baselines and of each finished run, with what is known of the run."""
    experiment = load_experiment()
    grid = Grid.paper()
    table = read_bin_table(STATISTICS / f"{grid.name}.csv", grid)
    rgb, reasons = chosen_images()
    lab = rgb_to_lab(rgb)
    names = [(name, seed) for seed in experiment.seeds for name in experiment.runs]
    finished = [(name, seed) for name, seed in names if (RUNS / f"{name}-{seed}" / WEIGHTS).is_file()]
    runs: dict[str, dict[str, object]] = {}
    with progress("evaluate", len(finished)) as advance:
        for name, seed in finished:
            folder = RUNS / f"{name}-{seed}"
            model, objective = load(folder, experiment.run(name))

            def predict(lightness: Tensor) -> Tensor:
                return objective.decode(model.logits(lightness))  # noqa: B023  # called in this turn

            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            history = (folder / HISTORY).read_text(encoding="utf-8")
            runs[f"{name}-{seed}"] = {**facts, "test": measure(predict, lab, rgb, table, grid), "history": history}
            advance(f"{name}, seed {seed}")
    results = {
        "images": len(rgb),
        "left_out": reasons,
        "truth": {"chroma": chroma(lab[:, 1:])},
        "baselines": {
            name: measure(predict, lab, rgb, table, grid) for name, predict in baselines(table, grid).items()
        },
        "missing": [f"{name}-{seed}" for name, seed in names if (name, seed) not in finished],
        "runs": runs,
    }
    write_text(RESULTS, json.dumps(results, indent=2) + "\n")
    console.print(f"{len(finished)} of {len(names)} runs on {len(rgb)} images -> {RESULTS}")


def chosen_images() -> tuple[Tensor, dict[str, int]]:
    """The test images that take part, N×3×32×32 uint8, and how many others were left out for which reason."""
    test, reasons = read_cifar10(DATA, "test"), left_out()
    rows = [index for index, name in enumerate(test.files) if name not in reasons]
    counts = {reason: list(reasons.values()).count(reason) for reason in sorted(set(reasons.values()))}
    return test.tensor(rows), counts


def baselines(table: BinTable, grid: Grid) -> dict[str, Predictor]:
    """Grey, and the mean colour of the training images everywhere; at stride 4 as the networks."""
    share = table.counts.double() / table.counts.sum()
    mean = (share @ grid.points.double()).float().reshape(1, 2, 1, 1)  # (1, 2, 1, 1)

    def everywhere(colour: Tensor) -> Predictor:
        return lambda lightness: colour.expand(len(lightness), 2, lightness.shape[-2] // 4, lightness.shape[-1] // 4)

    return {"grey": everywhere(torch.zeros(1, 2, 1, 1)), "training mean colour": everywhere(mean)}


@torch.no_grad()
def measure(predict: Predictor, lab: Tensor, rgb: Tensor, table: BinTable, grid: Grid) -> Metrics:
    """The metrics of one predictor on Lab N×3×H×W, the same images as uint8 sRGB N×3×H×W."""
    lightness, ab = lab[:, :1], lab[:, 1:]
    coarse = torch.cat([predict(part) for part in torch.split(lightness, BATCH)])  # (N, 2, H/4, W/4)
    prediction = upsample(coarse, 4, *lightness.shape[-2:])  # (N, 2, H, W)
    colorized = recombine(lightness, prediction, 1)
    return {
        "auc": auc(prediction, ab),
        "rebalanced_auc": rebalanced_auc(prediction, ab, table.prior, grid),
        "chroma": chroma(prediction),
        "psnr": psnr(colorized / 255, rgb / 255),
    }


if __name__ == "__main__":
    run_stage("evaluate", main)
