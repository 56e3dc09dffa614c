"""Stage 2: training split -> ab histogram -> prior -> class weights. `python -m colorlib.pipeline.statistics`."""

import torch

from colorlib.data.prepared import load_prepared
from colorlib.files import atomic_path
from colorlib.ops.grid import Grid
from colorlib.pipeline.paths import PREPARED, STATISTICS
from colorlib.pipeline.progress import progress
from colorlib.pipeline.rows import histograms, pieces, rows_of
from colorlib.pipeline.settings import load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.workers import HERE, Workers, chosen_workers
from colorlib.plots import plot_prior
from colorlib.priors import weigh, write_bin_table


def main(workers: Workers = HERE) -> None:
    """Write a table and a plot for each grid."""
    settings = load_settings().rebalancing
    grids = (Grid.paper(), Grid.full())
    counts = count(len(load_prepared(PREPARED, "train")), grids, workers)
    with atomic_path(STATISTICS) as folder:
        folder.mkdir()
        for grid in grids:
            table = weigh(counts[grid.name], grid, settings.sigma, settings.lam)
            write_bin_table(folder / f"{grid.name}.csv", grid, table)
            plot_prior(grid, table.prior, table.weights, folder / f"{grid.name}.png")
            used = int((table.counts > 0).sum())
            console.print(f"grid {grid.name}: {used} of {len(grid)} bins occur -> {STATISTICS / grid.name}.csv, .png")


def count(images: int, grids: tuple[Grid, ...], workers: Workers) -> dict[str, torch.Tensor]:
    """The nearest-bin histogram of all pixels of the training split, for each grid."""
    totals = {grid.name: torch.zeros(len(grid), dtype=torch.int64) for grid in grids}
    with progress("histogram", pieces(images)) as advance:
        for counts in workers.map(histograms, rows_of(PREPARED, "train", images)):
            for grid in grids:
                totals[grid.name] += counts[grid.name]
            advance("")
    return totals


if __name__ == "__main__":
    run_stage("statistics", lambda: main(chosen_workers("statistics")))
