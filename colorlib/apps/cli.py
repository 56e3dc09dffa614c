"""`colorlib`, the command line."""

import sys

import typer
from rich.console import Console

from colorlib.apps.app import app as web
from colorlib.apps.bins import bins
from colorlib.apps.colorize import colorize
from colorlib.apps.export import export
from colorlib.apps.shards import shards
from colorlib.apps.train import train
from colorlib.errors import ColorlibError

app = typer.Typer(
    help="Image colorization after Zhang, Isola, Efros (ECCV 2016).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("app")(web)
app.command()(bins)
app.command()(colorize)
app.command()(export)
app.command()(shards)
app.command()(train)


def main() -> None:
    """Run the command; a `ColorlibError` is one line and exit code 1."""
    try:
        app()
    except ColorlibError as error:
        Console(stderr=True, soft_wrap=True).print(f"colorlib: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
