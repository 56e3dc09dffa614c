"""ab histogram of the training images, smoothed prior, class weights. `python -m experiments.cifar10.statistics`."""

from colorlib.data.cifar10 import read_cifar10
from colorlib.files import atomic_path
from colorlib.ops.grid import Grid
from colorlib.pipeline.settings import RebalancingSettings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.statistics import count
from colorlib.priors import write_bin_table
from experiments.cifar10.settings import DATA, STATISTICS, load_experiment


def main() -> None:
    """Write a table for each grid."""
    data = read_cifar10(DATA, "train", load_experiment().validation)
    with atomic_path(STATISTICS) as folder:
        folder.mkdir()
        for grid in (Grid.paper(), Grid.full()):
            table = count(data, grid, RebalancingSettings())
            write_bin_table(folder / f"{grid.name}.csv", grid, table)
            used = int((table.counts > 0).sum())
            console.print(f"grid {grid.name}: {used} of {len(grid)} bins occur in {len(data)} images")


if __name__ == "__main__":
    run_stage("statistics", main)
