"""Stage 3, once for each run of the matrix. `python -m colorlib.pipeline.train NAME`."""

import argparse
from dataclasses import asdict, astuple, fields
from pathlib import Path

import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.prepared import load_prepared, prepared_sha256
from colorlib.files import sha256_of, write_text
from colorlib.inference import Colorizer
from colorlib.inference.recombine import grey
from colorlib.models import ColorNet, registry
from colorlib.models.pretrained import WEIGHTS, save_pretrained
from colorlib.ops.grid import Grid
from colorlib.pictures import picture_grid
from colorlib.pipeline.cards import model_card
from colorlib.pipeline.paths import MODELS, PREPARED, STATISTICS, TRAINING
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import PipelineSettings, RunSettings, load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.tracking import WEIGHTS_TAG, Tracker, new_run
from colorlib.priors import read_bin_table
from colorlib.training.objective import Classification, Objective, Regression
from colorlib.training.precision import pick_device, pick_dtype
from colorlib.training.trainer import Epoch, Observer, train

SAMPLES = 4  # pictures of the validation split that a run keeps


def main(name: str) -> None:
    """Train the run called `name` and write its model, its history and its MLflow run."""
    settings = load_settings()
    run = settings.run(name)
    data, validation = load_prepared(PREPARED, "train"), load_prepared(PREPARED, "val").tensor()
    batches = TrainingBatches(data, settings.train.batch_size, settings.train.crop, settings.train.seed)
    torch.manual_seed(settings.train.seed)
    model, objective = build(settings, run)
    with new_run(name) as tracker, progress(f"train {name}", settings.train.epochs * len(batches)) as advance:
        tracker.parameters({"run": run.model_dump(), **settings.model_dump(exclude={"runs", "main", "evaluate"})})
        tracker.parameters({"dtype": str(pick_dtype(settings.train.precision, pick_device()))})
        tracker.parameters({"weights": sum(p.numel() for p in model.parameters())})
        tracker.tag("colorlib.data_sha256", prepared_sha256(PREPARED))
        tracker.tag("colorlib.params_sha256", sha256_of(Path("params.yaml")))
        note = ""

        def on_step(_step: int, loss: float) -> None:
            advance(f"loss {loss:.0f}{note}")

        def on_epoch(epoch: Epoch) -> None:
            nonlocal note
            note = f", validation AuC {epoch.val_auc:.4f}, chroma {epoch.val_chroma:.1f}"
            tracker.metrics({k: v for k, v in asdict(epoch).items() if k != "number"}, step=epoch.number)

        history = train(model, objective, batches, validation, settings.train, Observer(on_step, on_epoch))
        keep(name, model, history, validation[:SAMPLES], settings, len(data), tracker)
    console.print(f"{name}: validation AuC {history[-1].val_auc:.4f} -> {MODELS / name}")


def build(settings: PipelineSettings, run: RunSettings) -> tuple[ColorNet, Objective]:
    """The untrained network and the objective of a run."""
    if run.objective == "regression":
        return registry.build(settings.train.model, head="regression"), Regression()
    grid = Grid.by_name(run.grid)
    table = read_bin_table(STATISTICS / f"{grid.name}.csv", grid)
    model = registry.build(settings.train.model, q=len(grid), grid=grid.name)
    weights = table.weights.float() if run.rebalancing else None
    encoding, temperature = settings.encoding, settings.decoding.temperature
    return model, Classification(grid, weights, encoding.k, encoding.sigma, temperature)


def keep(
    name: str,
    model: ColorNet,
    history: list[Epoch],
    samples: torch.Tensor,
    settings: PipelineSettings,
    photographs: int,
    tracker: Tracker,
) -> None:
    """Write what the run leaves behind, on disk and in MLflow."""
    target, temperature = MODELS / name, settings.decoding.temperature
    write_text(TRAINING / f"{name}.csv", history_csv(history))
    card = model_card(name, settings, photographs, history[-1])
    save_pretrained(model, target, card, temperature=temperature, size=settings.prepare.size)
    colorizer = Colorizer.from_pretrained(target)
    pictures = {"input": grey(samples), "truth": samples, name: colorizer.colorize_batch(samples)}
    picture_grid(pictures, TRAINING / f"{name}.png")
    tracker.tag(WEIGHTS_TAG, sha256_of(target / WEIGHTS))
    tracker.artifact(target, "model")
    tracker.artifact(TRAINING / f"{name}.csv")
    tracker.artifact(TRAINING / f"{name}.png", "pictures")


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
