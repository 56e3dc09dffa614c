"""`colorlib`, the command line."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from colorlib.apps.bins import bins
from colorlib.apps.export import export
from colorlib.errors import ColorlibError

app = typer.Typer(
    help="Image colorization after Zhang, Isola, Efros (ECCV 2016).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(bins)
app.command()(export)


@app.command()
def colorize(
    photo: Annotated[Path, typer.Argument(help="The photograph; only its lightness is looked at.")],
    model: Annotated[Path, typer.Option(help="A folder that the pipeline wrote, such as models/class-313-rebalanced.")],
    output: Annotated[Path | None, typer.Option(help="Where to write; beside the photograph by default.")] = None,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Of the annealed mean: low is vivid, high muted. Default: the model's."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing picture.")] = False,
) -> None:
    """Colorize one photograph."""
    from colorlib.inference import Colorizer  # loads torch; `--help` should not wait for it
    from colorlib.inference.files import colorize_file

    target = output or photo.with_name(f"{photo.stem}.colorized{photo.suffix}")
    colorize_file(Colorizer.from_pretrained(model), photo, target, temperature=temperature, force=force)
    Console(soft_wrap=True).print(f"{photo} -> {target}", markup=False, highlight=False)


def main() -> None:
    """Run the command; a `ColorlibError` is one line and exit code 1."""
    try:
        app()
    except ColorlibError as error:
        Console(stderr=True, soft_wrap=True).print(f"colorlib: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
