"""`colorlib bins`: explain a grid to a person, in words and as a picture."""

from pathlib import Path
from typing import Annotated

import typer


def bins(
    grid: Annotated[str, typer.Option(help="paper (313 bins) or full (484 bins)")] = "paper",
    output: Annotated[Path, typer.Option(help="where the picture goes, as PNG")] = Path("bins.png"),
    prior: Annotated[
        Path | None, typer.Option(help="also draw this table's prior: reports/statistics/<grid>.csv")
    ] = None,
) -> None:
    """Explain a grid: its rule, its size, how many bins a colour can reach, and a picture of the ab plane."""
    # Imported here so that `colorlib --help` does not wait for torch and matplotlib.
    from colorlib.ops.grid import Grid
    from colorlib.plots import plot_bins
    from colorlib.priors import read_bin_table

    chosen = Grid.by_name(grid)
    table = read_bin_table(prior, chosen) if prior is not None else None
    typer.echo(chosen.describe())
    plot_bins(chosen, output, table.prior if table is not None else None)
    typer.echo(f"Picture: {output}")
