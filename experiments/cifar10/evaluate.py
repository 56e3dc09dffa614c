"""All finished runs and the baselines on the official test set. `python -m experiments.cifar10.evaluate`.

Protocol: the test images that selection.csv does not leave out; ab predicted at stride 4 (8×8), upsampled bilinearly
to 32×32 and compared there. PSNR is of sRGB clipped channel by channel. Rebalanced AuC weighs pixels by 1/p̃ on the 313
bins for every run alike, p̃ being the smoothed prior of the training images.

Measured again is only what is not in results.json yet, or was measured with other weights, statistics or images.
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from colorlib.data.cifar10 import read_cifar10
from colorlib.files import sha256_of, write_text
from colorlib.metrics import auc, chroma, psnr, rebalanced_auc
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.upsampling import upsample
from colorlib.pipeline.progress import progress
from colorlib.pipeline.stage import console, run_stage
from colorlib.priors import BinTable, read_bin_table
from experiments.cifar10.select import left_out
from experiments.cifar10.settings import DATA, RESULTS, RUNS, SELECTION, STATISTICS, load_experiment
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
    inputs = {"selection": sha256_of(SELECTION), "prior": sha256_of(STATISTICS / f"{grid.name}.csv")}
    known = earlier(inputs)
    runs: dict[str, dict[str, object]] = {}
    with progress("evaluate", len(finished)) as advance:
        for name, seed in finished:
            folder = RUNS / f"{name}-{seed}"
            digest, before = sha256_of(folder / WEIGHTS), known["runs"].get(f"{name}-{seed}", {})
            if before.get("weights_sha256") == digest:
                runs[f"{name}-{seed}"] = before
                advance(f"{name}, seed {seed}: measured before")
                continue
            model, objective = load(folder, experiment.run(name))

            def predict(lightness: Tensor) -> Tensor:
                return objective.decode(model.logits(lightness))  # noqa: B023  # called in this turn

            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            history = (folder / HISTORY).read_text(encoding="utf-8")
            test = measure(predict, lab, rgb, table, grid)
            runs[f"{name}-{seed}"] = {**facts, "weights_sha256": digest, "test": test, "history": history}
            advance(f"{name}, seed {seed}")
    results = {
        "inputs": inputs,
        "images": len(rgb),
        "left_out": reasons,
        "truth": {"chroma": chroma(lab[:, 1:])},
        "baselines": known["baselines"]
        or {name: measure(predict, lab, rgb, table, grid) for name, predict in baselines(table, grid).items()},
        "missing": [f"{name}-{seed}" for name, seed in names if (name, seed) not in finished],
        "runs": runs,
    }
    write_text(RESULTS, json.dumps(results, indent=2) + "\n")
    console.print(f"{len(finished)} of {len(names)} runs on {len(rgb)} images -> {RESULTS}")


def earlier(inputs: dict[str, str]) -> dict[str, Any]:
    """What results.json has from the same images and prior: "runs" and "baselines", both empty where it has nothing."""
    if RESULTS.is_file():
        results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
        if results["inputs"] == inputs:
            return results
    return {"runs": {}, "baselines": {}}


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
    colorized = lab_to_rgb(torch.cat((lightness, prediction), dim=1), as_uint8=True)
    return {
        "auc": auc(prediction, ab),
        "rebalanced_auc": rebalanced_auc(prediction, ab, table.prior, grid),
        "chroma": chroma(prediction),
        "psnr": psnr(colorized / 255, rgb / 255),
    }


if __name__ == "__main__":
    run_stage("evaluate", main)
