"""Stage 3, once for each run of the matrix. `python -m colorlib.pipeline.train NAME`, alone or under `torchrun`."""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from colorlib.data.batches import TrainingBatches
from colorlib.data.prepared import load_prepared, prepared_sha256
from colorlib.data.source import ImageSource, read_tensor, spread
from colorlib.files import sha256_of, write_text
from colorlib.inference import Colorizer
from colorlib.inference.recombine import grey
from colorlib.models import ColorNet, registry
from colorlib.models.pretrained import WEIGHTS, save_pretrained
from colorlib.models.resources import pick_device, pick_dtype
from colorlib.ops.grid import Grid
from colorlib.pictures import picture_grid
from colorlib.pipeline.cards import model_card
from colorlib.pipeline.paths import CHECKPOINTS, MODELS, PREPARED, STATISTICS, TRAINING
from colorlib.pipeline.progress import progress
from colorlib.pipeline.reporter import Reporter, draw_samples
from colorlib.pipeline.settings import PipelineSettings, RunSettings, load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import WEIGHTS_TAG, Tracker, new_run
from colorlib.priors import read_bin_table
from colorlib.training.footprints import predicted_peak
from colorlib.training.objective import Classification, Objective, Regression
from colorlib.training.trainer import Epoch, train
from colorlib.training.world import World, processes, readers
from footprint import format_size

MOST_VALIDATED = 1000  # images of the validation split, spread over it: they are held in memory
SAMPLES = 4  # pictures of the validation split that a run keeps
RUN_ID = "mlflow-run"  # in the folder of the checkpoints: the run that a restart goes on with


@dataclass(frozen=True)
class Places:
    """Where a run reads and writes.

    Attributes:
        statistics: the folder of the tables that the statistics stage wrote.
        model: the folder of the trained network.
        history: the CSV file of the epochs.
        pictures: the sheet of pictures.
        checkpoints: the folder of the checkpoints.
    """

    statistics: Path
    model: Path
    history: Path
    pictures: Path
    checkpoints: Path


def main(name: str) -> None:
    """Train the run called `name` and write its model, its history and its MLflow run.

    A run that was killed goes on from its newest checkpoint; when it is finished, the checkpoints go.
    """
    settings = load_settings()
    settings.run(name)
    places = Places(STATISTICS, MODELS / name, TRAINING / f"{name}.csv", TRAINING / f"{name}.png", CHECKPOINTS / name)
    tags = {"colorlib.params_sha256": sha256_of(Path("params.yaml"))}
    data, aside = load_prepared(PREPARED, "train"), load_prepared(PREPARED, "val")
    validation = read_tensor(aside, spread(len(aside), MOST_VALIDATED))
    with processes() as world:
        if world.rank == 0:
            tags["colorlib.data_sha256"] = prepared_sha256(PREPARED)
        carry_out(name, settings, data, validation, places, world, tags)
        if world.rank == 0:
            shutil.rmtree(places.checkpoints)


def carry_out(
    name: str,
    settings: PipelineSettings,
    data: ImageSource,
    validation: Tensor,
    places: Places,
    world: World,
    tags: dict[str, str],
    tracked: bool = True,
) -> None:
    """Train the run `name` of `settings` on `data` and write what it leaves behind.

    Args:
        name: of the run.
        settings: everything.
        data: the training images.
        validation: uint8 sRGB, N×3×H×W.
        places: where to write.
        world: the processes of the run; rank 0 alone writes and reports.
        tags: of the MLflow run.
        tracked: whether there is an MLflow run.
    """
    run, chosen = settings.run(name), settings.train
    workers = readers(pick_device()) if chosen.workers is None else chosen.workers
    batches = TrainingBatches(
        data, chosen.batch_size, chosen.crop, chosen.seed, rank=world.rank, world=world.size, workers=workers
    )
    torch.manual_seed(chosen.seed)
    model, objective = build(settings, run, places.statistics)
    work = partial(train, model, objective, batches, validation, chosen, checkpoints=places.checkpoints)
    if world.rank > 0:
        work()
        return
    peak = predicted_peak(model, objective, chosen, world.size)
    console.print(f"{name}: a step will take {format_size(peak.total)} at its peak, as predicted", markup=False)
    with (
        tracking(name, places.checkpoints, tracked) as tracker,
        progress(f"train {name}", chosen.epochs * len(batches)) as advance,
    ):
        if tracker is not None and not tracker.resumed:
            log_parameters(tracker, settings, run, model)
            for key, value in tags.items():
                tracker.tag(key, value)
        draw = partial(draw_samples, model, objective, validation[:SAMPLES], name)
        reporter = Reporter(name, advance, tracker, chosen.watching, draw, places.checkpoints / "pictures")
        history = work(observer=reporter.observer)
        keep(name, model, history, validation[:SAMPLES], settings, len(data), places, tracker)
    console.print(f"{name}: validation AuC {history[-1].val_auc:.4f} -> {places.model}", markup=False)


@contextmanager
def tracking(name: str, checkpoints: Path, tracked: bool) -> Iterator[Tracker | None]:
    """The MLflow run: a new one, or that of the run which the checkpoints belong to; None where not `tracked`."""
    if not tracked:
        yield None
        return
    note = checkpoints / RUN_ID
    with new_run(name, note.read_text(encoding="utf-8").strip() if note.is_file() else None) as tracker:
        write_text(note, f"{tracker.run_id}\n")
        yield tracker


def log_parameters(tracker: Tracker, settings: PipelineSettings, run: RunSettings, model: ColorNet) -> None:
    """Log everything that was chosen, and what follows from it."""
    tracker.parameters({"run": run.model_dump(), **settings.model_dump(exclude={"runs", "main", "evaluate"})})
    tracker.parameters({"dtype": str(pick_dtype(settings.train.precision, pick_device()))})
    tracker.parameters({"weights": sum(p.numel() for p in model.parameters())})


def build(settings: PipelineSettings, run: RunSettings, statistics: Path = STATISTICS) -> tuple[ColorNet, Objective]:
    """The untrained network and the objective of a run."""
    if run.objective == "regression":
        return registry.build(settings.train.model, head="regression"), Regression()
    grid = Grid.by_name(run.grid)
    table = read_bin_table(statistics / f"{grid.name}.csv", grid)
    model = registry.build(settings.train.model, q=len(grid), grid=grid.name)
    weights = table.weights.float() if run.rebalancing else None
    encoding, temperature = settings.encoding, settings.decoding.temperature
    return model, Classification(grid, weights, encoding.k, encoding.sigma, temperature)


def keep(
    name: str,
    model: ColorNet,
    history: list[Epoch],
    samples: Tensor,
    settings: PipelineSettings,
    photographs: int,
    places: Places,
    tracker: Tracker | None,
) -> None:
    """Write what the run leaves behind, on disk and in MLflow."""
    write_text(places.history, history_csv(history))
    card = model_card(name, settings, photographs, history[-1])
    temperature = settings.decoding.temperature
    save_pretrained(model, places.model, card, temperature=temperature, size=settings.prepare.size)
    colorizer = Colorizer.from_pretrained(places.model, precision="fp32", device="cpu")
    pictures = {"input": grey(samples), "truth": samples, name: colorizer.colorize_batch(samples)}
    picture_grid(pictures, places.pictures)
    if tracker is not None:
        tracker.tag(WEIGHTS_TAG, sha256_of(places.model / WEIGHTS))
        tracker.artifact(places.model, "model")
        tracker.artifact(places.history)
        tracker.artifact(places.pictures, "pictures")


def history_csv(history: list[Epoch]) -> str:
    """One line an epoch, with every digit."""
    lines = [",".join(field.name for field in fields(Epoch))]
    lines += [",".join(repr(value) for value in astuple(epoch)) for epoch in history]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m colorlib.pipeline.train", description="Train one run.")
    parser.add_argument("name", help="a key of runs in params.yaml")
    chosen = parser.parse_args().name
    run_stage(f"train {chosen}", lambda: main(chosen))
