"""ab histogram of the training images, smoothed prior, class weights. `python -m experiments.cifar10.statistics`."""

import torch

from colorlib import params
from colorlib.data.cifar10 import read_cifar10
from colorlib.data.prepared import Prepared
from colorlib.files import atomic_path
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.pipeline.stage import console, run_stage
from colorlib.priors import BinTable, weigh, write_bin_table
from experiments.cifar10.settings import DATA, STATISTICS, load_experiment

BATCH = 1000  # images; bounds the memory


def main() -> None:
    """Write a table for each grid."""
    data = read_cifar10(DATA, "train", load_experiment().validation)
    with atomic_path(STATISTICS) as folder:
        folder.mkdir()
        for grid in (Grid.paper(), Grid.full()):
            table = tabulate(data, grid)
            write_bin_table(folder / f"{grid.name}.csv", grid, table)
            used = int((table.counts > 0).sum())
            console.print(f"grid {grid.name}: {used} of {len(grid)} bins occur in {len(data)} images")


def tabulate(data: Prepared, grid: Grid) -> BinTable:
    """Counts of all pixels, the smoothed prior, and the weights (eq. 4) with the paper's σ and λ."""
    counts = torch.zeros(len(grid), dtype=torch.int64)
    for start in range(0, len(data), BATCH):
        counts += grid.histogram(rgb_to_lab(data.tensor(slice(start, start + BATCH)))[:, 1:])
    return weigh(counts, grid, params.SMOOTHING_SIGMA.value, params.UNIFORM_SHARE.value)


if __name__ == "__main__":
    run_stage("statistics", main)
