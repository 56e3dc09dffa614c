"""`colorlib train`: one network from any images, without `params.yaml` and without DVC."""

import importlib.util
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from colorlib.data.folder import Damaged
from colorlib.data.source import ImageSource, read_tensor, spread
from colorlib.data.walk import in_pieces
from colorlib.errors import ColorlibError
from colorlib.files import write_text
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.pipeline.progress import progress
from colorlib.pipeline.rows import IMAGES
from colorlib.pipeline.settings import PipelineSettings, RebalancingSettings, load_single
from colorlib.pipeline.sources import open_split
from colorlib.pipeline.stage import console
from colorlib.pipeline.train import Places, carry_out
from colorlib.priors import BinTable, weigh, write_bin_table
from colorlib.training.world import World, life, processes

MOST_COUNTED = 5000  # images of which the colours are counted
FINGERPRINT = "counted"  # of what, beside the tables
SHOWN = 5  # damaged files by name


@dataclass(frozen=True)
class Order:
    """What was asked for.

    Attributes:
        data: what `open_split` takes.
        output: the folder for everything that the run writes.
        settings: a YAML file, or None.
        overrides: of its section `train`.
        validation: images to take aside.
        fresh: remove the checkpoints of an earlier run first.
    """

    data: Path
    output: Path
    settings: Path | None = None
    overrides: dict[str, object] | None = None
    validation: int | None = None
    fresh: bool = False


def train_source(order: Order) -> None:
    """Train as ordered; a run that was interrupted goes on.

    Writes below `order.output`: model/ (for `colorlib colorize`), history.csv, pictures.png, settings.yaml, statistics/
    and checkpoints/.

    Raises:
        ColorlibError: settings, data or checkpoints are wrong, or the output cannot be written.
    """
    settings = load_single(order.settings, order.data, order.overrides or {})
    output = order.output
    if output.exists() and not output.is_dir():
        raise ColorlibError(f"--output is {output}, a file: name a folder")
    places = Places(
        output / "statistics", output / "model", output / "history.csv", output / "pictures.png", output / "checkpoints"
    )
    name = re.sub(r"[^a-z0-9]+", "-", output.resolve().name.lower()).strip("-") or settings.main
    settings = settings.model_copy(update={"runs": {name: settings.run(settings.main)}, "main": name})
    with processes() as world:
        split = open_split(order.data, settings.prepare.size, order.validation)
        if world.rank == 0:
            say_damaged(split.damaged)
            if order.fresh and life() == 0 and places.checkpoints.exists():  # not those of this very run
                shutil.rmtree(places.checkpoints)
            write_text(output / "settings.yaml", settings.single_yaml())
        count_colours(split.train, settings, places.statistics, world)
        tracked = importlib.util.find_spec("mlflow") is not None
        tags = {"colorlib.data_fingerprint": split.train.fingerprint}
        carry_out(name, settings, split.train, split.validation, places, world, tags, tracked)
        if world.rank == 0:
            console.print(f"Use it: colorlib colorize PHOTO --model {places.model}", markup=False)


def say_damaged(damaged: tuple[Damaged, ...]) -> None:
    """Say which files are left out."""
    for file in damaged[:SHOWN]:
        console.print(f"left out: {file.reason}", markup=False)
    if len(damaged) > SHOWN:
        console.print(f"left out: {len(damaged) - SHOWN} more")


def count_colours(data: ImageSource, settings: PipelineSettings, folder: Path, world: World) -> None:
    """Write the table of the run's grid, unless there is one of the same images; rank 0 does, the others wait."""
    run = settings.run(settings.main)
    grid = Grid.by_name(run.grid)
    source = f"{data.fingerprint} {settings.rebalancing.sigma} {settings.rebalancing.lam}\n"
    note, table = folder / f"{FINGERPRINT}-{grid.name}", folder / f"{grid.name}.csv"
    counted = table.is_file() and note.is_file() and note.read_text(encoding="utf-8") == source
    if world.rank == 0 and run.objective == "classification" and not counted:
        write_bin_table(table, grid, bin_table(data, grid, settings.rebalancing))
        write_text(note, source)
    world.agree("counted")


def bin_table(data: ImageSource, grid: Grid, settings: RebalancingSettings) -> BinTable:
    """Histogram, smoothed prior and class weights (eq. 4) of `data`, or of 5,000 images spread evenly over it."""
    rows = spread(len(data), MOST_COUNTED)
    counts = torch.zeros(len(grid), dtype=torch.int64)
    with progress(f"histogram ({grid.name})", len(rows)) as advance:
        for piece in in_pieces(rows, IMAGES):
            counts += grid.histogram(rgb_to_lab(read_tensor(data, piece))[:, 1:])
            advance("", len(piece))
    return weigh(counts, grid, settings.sigma, settings.lam)
