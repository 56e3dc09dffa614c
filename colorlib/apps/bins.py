"""`colorlib bins`: explain a grid to a person, in words and as a picture."""

from pathlib import Path
from typing import Annotated

import typer


def bins(
    grid: Annotated[str, typer.Option(help="paper (313 bins) or full (484 bins)")] = "paper",
    output: Annotated[Path, typer.Option(help="where the picture goes, a .png file")] = Path("bins.png"),
    prior: Annotated[
        Path | None, typer.Option(help="also draw this table's prior; reports/statistics/<grid>.csv where it exists")
    ] = None,
) -> None:
    """Explain a grid: its rule, its size, how many bins a colour can reach, and a picture of the ab plane."""
    # Imported here so that `colorlib --help` does not wait for torch and matplotlib.
    from colorlib.errors import ColorlibError
    from colorlib.ops.grid import Grid
    from colorlib.pipeline.paths import STATISTICS
    from colorlib.plots import plot_bins
    from colorlib.priors import read_bin_table

    if output.suffix.lower() != ".png":
        raise ColorlibError(f"--output is {output}, expected a name that ends in .png: the picture is written as PNG.")
    chosen = Grid.by_name(grid)
    usual = STATISTICS / f"{chosen.name}.csv"
    if prior is None and usual.is_file():
        prior = usual
    table = read_bin_table(prior, chosen) if prior is not None else None
    typer.echo(chosen.describe())
    plot_bins(chosen, output, table.prior if table is not None else None)
    typer.echo(f"Prior: {prior}" if table else f"No prior drawn: the stage `dvc repro statistics` writes {usual}.")
    typer.echo(f"Picture: {output}")
