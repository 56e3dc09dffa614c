"""Stage 4: every trained run and the baselines on the test split. `python -m colorlib.pipeline.evaluate`.

Protocol: each test photograph at the prepared size; ab predicted at the network's stride from its L, upsampled
bilinearly to all pixels, and compared there. PSNR compares sRGB after clipping to what a screen shows.

Rebalanced AuC weighs pixels by 1/p̃ on the 313 bins, for every run alike, p̃ being the smoothed prior of the test split
itself. On ImageNet that is the training split's prior too. On a small set it is not: a colour that training never saw
has next to no prior, and the few test pixels of it would be nearly all of the metric.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from colorlib.data.prepared import load_prepared
from colorlib.files import sha256_of, write_text
from colorlib.inference import Colorizer
from colorlib.inference.recombine import grey, recombine
from colorlib.metrics import auc, chroma, colorfulness, psnr, rebalanced_auc
from colorlib.models.pretrained import WEIGHTS
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.rebalancing import smooth_prior
from colorlib.ops.upsampling import upsample
from colorlib.pictures import picture_grid
from colorlib.pipeline.curves import plot_curves
from colorlib.pipeline.paths import EVALUATION, MODELS, PREPARED, STATISTICS, TRAINING
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import find_run
from colorlib.priors import BinTable, read_bin_table

Predictor = Callable[[Tensor], Tensor]  # L, N×1×H×W -> ab, N×2×H×W
Metrics = dict[str, float]

TRUTH = "truth"
HEADINGS = {
    "auc": "AuC",
    "rebalanced_auc": "rebalanced AuC",
    "psnr": "PSNR (dB)",
    "chroma": "mean chroma",
    "colorfulness": "colourfulness",
}


def main() -> None:
    """Write metrics.json, table.md, pictures.png and curves.png, and add them to the MLflow runs."""
    settings = load_settings()
    grid = Grid.paper()
    table = read_bin_table(STATISTICS / f"{grid.name}.csv", grid)
    rgb = load_prepared(PREPARED, "test").tensor()
    lab = rgb_to_lab(rgb)
    lightness, ab = lab[:, :1], lab[:, 1:]
    predictors = baselines(table, grid) | {name: network(MODELS / name) for name in settings.runs}
    prior = smooth_prior(grid.histogram(ab), grid)
    metrics: dict[str, Metrics] = {TRUTH: {"chroma": chroma(ab), "colorfulness": colorfulness(rgb / 255)}}
    rows = torch.linspace(0, len(rgb) - 1, min(settings.evaluate.pictures, len(rgb))).long()  # spread over the split
    pictures = {"input": grey(rgb[rows]), TRUTH: rgb[rows]}
    with progress("evaluate", len(predictors)) as advance:
        for name, predict in predictors.items():
            prediction = torch.cat([predict(part) for part in torch.split(lightness, 8)])  # (N, 2, H, W)
            colorized = recombine(lightness, prediction, 1)
            metrics[name] = measure(prediction, ab, colorized, rgb, prior, grid)
            if name in settings.runs:
                pictures[name.replace("-", "\n")] = colorized[rows]
            advance(name)
    write_text(EVALUATION / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(EVALUATION / "table.md", markdown(metrics, len(rgb)))
    picture_grid(pictures, EVALUATION / "pictures.png")
    plot_curves({name: TRAINING / f"{name}.csv" for name in settings.runs}, EVALUATION / "curves.png")
    for name in settings.runs:
        track(name, metrics[name])
    console.print(f"{len(predictors)} predictors on {len(rgb)} photographs -> {EVALUATION}")


def baselines(table: BinTable, grid: Grid) -> dict[str, Predictor]:
    """Grey, and the mean colour of the training split (from its histogram of bins) everywhere."""
    share = table.counts.double() / table.counts.sum()
    mean = (share @ grid.points.double()).float().reshape(1, 2, 1, 1)  # (1, 2, 1, 1)

    def everywhere(colour: Tensor) -> Predictor:
        return lambda lightness: colour.expand(len(lightness), 2, *lightness.shape[-2:])

    return {"grey": everywhere(torch.zeros(1, 2, 1, 1)), "training mean colour": everywhere(mean)}


def network(directory: Path) -> Predictor:
    """What the model saved in `directory` predicts, at full size."""
    colorizer = Colorizer.from_pretrained(directory)
    return lambda lightness: upsample(colorizer.predict(lightness), colorizer.model.stride, *lightness.shape[-2:])


def measure(prediction: Tensor, ab: Tensor, colorized: Tensor, rgb: Tensor, prior: Tensor, grid: Grid) -> Metrics:
    """All metrics of one predictor: ab maps N×2×H×W in Lab units, pictures N×3×H×W uint8."""
    return {
        "auc": auc(prediction, ab),
        "rebalanced_auc": rebalanced_auc(prediction, ab, prior, grid),
        "psnr": psnr(colorized / 255, rgb / 255),
        "chroma": chroma(prediction),
        "colorfulness": colorfulness(colorized / 255),
    }


def markdown(metrics: dict[str, Metrics], count: int) -> str:
    """The metrics as a table for people; AuC in percent as in the paper."""
    lines = [
        f"Test split, {count} photographs. AuC and rebalanced AuC in percent; chroma in Lab units.",
        "",
        f"| run | {' | '.join(HEADINGS.values())} |",
        f"|---|{'---:|' * len(HEADINGS)}",
    ]
    for name, values in metrics.items():
        cells = [_cell(key, values[key]) if key in values else "" for key in HEADINGS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def track(name: str, metrics: Metrics) -> None:
    """Add the test metrics and pictures to the MLflow run that made the model, where the database still has it."""
    tracker = find_run(sha256_of(MODELS / name / WEIGHTS))
    if tracker is None:
        console.print(f"{name}: MLflow has no run for these weights, its test metrics are in {EVALUATION} only")
        return
    tracker.metrics({f"test_{key}": value for key, value in metrics.items()})
    tracker.artifact(EVALUATION / "pictures.png", "pictures")


def _cell(key: str, value: float) -> str:
    return f"{100 * value:.2f}" if key.endswith("auc") else f"{value:.2f}"


if __name__ == "__main__":
    run_stage("evaluate", main)
