"""Stage 2: training split -> ab histogram -> prior -> class weights. `python -m colorlib.pipeline.statistics`."""

import torch

from colorlib.data.prepared import Prepared, load_prepared
from colorlib.files import atomic_path
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.rebalancing import class_weights, smooth_prior
from colorlib.pipeline.paths import PREPARED, STATISTICS
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import RebalancingSettings, load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.plots import plot_prior
from colorlib.priors import BinTable, write_bin_table

BATCH = 16  # images; bounds the memory


def main() -> None:
    """Write a table and a plot for each grid."""
    settings = load_settings().rebalancing
    data = load_prepared(PREPARED, "train")
    with atomic_path(STATISTICS) as folder:
        folder.mkdir()
        for grid in (Grid.paper(), Grid.full()):
            table = count(data, grid, settings)
            write_bin_table(folder / f"{grid.name}.csv", grid, table)
            plot_prior(grid, table.prior, table.weights, folder / f"{grid.name}.png")
            used = int((table.counts > 0).sum())
            console.print(f"grid {grid.name}: {used} of {len(grid)} bins occur -> {STATISTICS / grid.name}.csv, .png")


def count(data: Prepared, grid: Grid, settings: RebalancingSettings) -> BinTable:
    """The nearest-bin histogram of all pixels of `data`, the smoothed prior, and the weights (eq. 4)."""
    counts = torch.zeros(len(grid), dtype=torch.int64)
    starts = range(0, len(data), BATCH)
    with progress(f"histogram ({grid.name})", len(starts)) as advance:
        for start in starts:
            rgb = data.tensor(slice(start, start + BATCH))  # (B, 3, S, S)
            counts += grid.histogram(rgb_to_lab(rgb)[:, 1:])
            advance("")
    prior = smooth_prior(counts, grid, settings.sigma)
    return BinTable(counts, prior, class_weights(prior, settings.lam))


if __name__ == "__main__":
    run_stage("statistics", main)
