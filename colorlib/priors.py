"""The prior and the class weights of a training set as a table that people and programs can read."""

import csv
from pathlib import Path
from typing import NamedTuple

import torch

from colorlib.errors import ColorlibError
from colorlib.files import write_text
from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import class_weights, smooth_prior

COLUMNS = ("a", "b", "count", "prior", "weight")


class BinTable(NamedTuple):
    """What is known about the bins of one grid from a training set: Q counts (int64), prior and weights (float64)."""

    counts: torch.Tensor
    prior: torch.Tensor
    weights: torch.Tensor


def weigh(counts: torch.Tensor, grid: Grid, sigma: float, lam: float) -> BinTable:
    """The smoothed prior of a histogram (Q int64), and the class weights (eq. 4).

    Args:
        counts: pixels by their nearest bin.
        grid: the bins.
        sigma: of the smoothing, ab units.
        lam: share λ of the uniform distribution.
    """
    prior = smooth_prior(counts, grid, sigma)
    return BinTable(counts, prior, class_weights(prior, lam))


def read_bin_table(path: Path, grid: Grid) -> BinTable:
    """Read a CSV with the columns a, b, count, prior, weight and one row per bin in the grid's order.

    Raises:
        ColorlibError: if the file cannot be read, lacks a column, holds something else than numbers, or is of another
            grid.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ColorlibError(
            f"{path} cannot be read ({error}): name the table that the statistics stage wrote."
        ) from error
    missing = [column for column in COLUMNS if not rows or rows[0].get(column) is None]
    if missing:
        raise ColorlibError(f"{path} lacks {', '.join(missing)}, expected a CSV with the columns {', '.join(COLUMNS)}.")
    try:
        table = torch.tensor([[float(row[column]) for column in COLUMNS] for row in rows], dtype=torch.float64)  # Q×5
    except (TypeError, ValueError) as error:
        raise ColorlibError(f"{path} holds something that is not a number ({error}): write the table again.") from error
    if not torch.equal(table[:, :2], grid.points_int.double()):
        raise ColorlibError(
            f"{path} lists {len(table)} bins that are not those of grid {grid.name!r} ({len(grid)} bins): "
            "name the grid that the table was written for."
        )
    return BinTable(table[:, 2].long(), table[:, 3], table[:, 4])


def write_bin_table(path: Path, grid: Grid, table: BinTable) -> None:
    """Write what `read_bin_table` reads, with every digit that a float64 needs."""
    rows = zip(
        grid.points_int.tolist(), table.counts.tolist(), table.prior.tolist(), table.weights.tolist(), strict=True
    )
    lines = [f"{a},{b},{count},{prior!r},{weight!r}" for (a, b), count, prior, weight in rows]
    write_text(path, "\n".join([",".join(COLUMNS), *lines]) + "\n")
