"""Stage 4: every trained run and the baselines on the test split. `python -m colorlib.pipeline.evaluate`.

Protocol: each test photograph at the prepared size; ab predicted at the network's stride from its L, upsampled
bilinearly to all pixels, and compared there. PSNR and colourfulness are of the pictures that a user gets, inside the
sRGB gamut at the photograph's L and the predicted hue.

Rebalanced AuC weighs pixels by 1/p̃ on the 313 bins, for every run alike, p̃ being the smoothed prior of the test split
itself. On ImageNet that is the training split's prior too. On a small set it is not: a colour that training never saw
has next to no prior, and the few test pixels of it would be nearly all of the metric.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TypeVar

from colorlib.data.prepared import load_prepared
from colorlib.data.source import read_tensor, spread
from colorlib.files import sha256_of, write_text
from colorlib.inference.recombine import grey, recombine
from colorlib.models.pretrained import WEIGHTS
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.rebalancing import smooth_prior
from colorlib.pictures import picture_grid
from colorlib.pipeline.curves import plot_curves
from colorlib.pipeline.paths import EVALUATION, MODELS, PREPARED, STATISTICS, TRAINING
from colorlib.pipeline.progress import progress
from colorlib.pipeline.rows import pieces, rows_of
from colorlib.pipeline.scoring import Predictor, Scores, Task, Truth, look, predict, score
from colorlib.pipeline.settings import load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import find_run
from colorlib.pipeline.workers import HERE, Workers, chosen_workers
from colorlib.priors import BinTable, read_bin_table

Metrics = dict[str, float]
Sums = TypeVar("Sums", Scores, Truth)

TRUTH = "truth"
HEADINGS = {
    "auc": "AuC",
    "rebalanced_auc": "rebalanced AuC",
    "psnr": "PSNR (dB)",
    "chroma": "mean chroma",
    "colorfulness": "colourfulness",
}


def main(workers: Workers = HERE) -> None:
    """Write metrics.json, table.md, pictures.png and curves.png, and add them to the MLflow runs."""
    settings = load_settings()
    grid = Grid.paper()
    table = read_bin_table(STATISTICS / f"{grid.name}.csv", grid)
    models = {name: (MODELS / name).resolve() for name in settings.runs}
    predictors = {**baselines(table, grid), **models}
    test = load_prepared(PREPARED, "test")
    metrics = measure(predictors, len(test), grid, workers)
    rgb = read_tensor(test, spread(len(test), settings.evaluate.pictures))
    lightness = rgb_to_lab(rgb)[:, :1]
    pictures = {"input": grey(rgb), TRUTH: rgb}
    for name, model in models.items():
        pictures[name.replace("-", "\n")] = recombine(lightness, predict(model, lightness), 1)
    write_text(EVALUATION / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(EVALUATION / "table.md", markdown(metrics, len(test)))
    picture_grid(pictures, EVALUATION / "pictures.png")
    plot_curves({name: TRAINING / f"{name}.csv" for name in settings.runs}, EVALUATION / "curves.png")
    for name in settings.runs:
        track(name, metrics[name])
    console.print(f"{len(predictors)} predictors on {len(test)} photographs -> {EVALUATION}")


def baselines(table: BinTable, grid: Grid) -> dict[str, Predictor]:
    """Grey, and the mean colour of the training split (from its histogram of bins) everywhere."""
    share = table.counts.double() / table.counts.sum()
    a, b = (share @ grid.points.double()).tolist()
    return {"grey": (0.0, 0.0), "training mean colour": (a, b)}


def measure(predictors: dict[str, Predictor], images: int, grid: Grid, workers: Workers) -> dict[str, Metrics]:
    """All metrics of the truth and of every predictor over the test split."""
    count = pieces(images)
    with workers.together() as team:
        with progress("test split", count) as advance:
            truth = total(team.map(look, rows_of(PREPARED, "test", images)), count, partial(advance, ""))
        prior = smooth_prior(truth.counts, grid)
        tasks = (Task(who, part, prior) for who in predictors.values() for part in rows_of(PREPARED, "test", images))
        metrics = {TRUTH: {"chroma": truth.chroma / images, "colorfulness": truth.colorfulness / images}}
        with progress("evaluate", len(predictors) * count) as advance:
            results = team.map(score, tasks)
            for name in predictors:
                metrics[name] = total(results, count, partial(advance, name)).figures(images)
    return metrics


def total(parts: Iterator[Sums], count: int, advance: Callable[[], None]) -> Sums:
    """The next `count` sums added up, in their order; `advance` is called after each."""
    found = next(parts)
    advance()
    for part in islice(parts, count - 1):
        found = found + part
        advance()
    return found


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
    run_stage("evaluate", lambda: main(chosen_workers("evaluate")))
