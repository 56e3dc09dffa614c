"""`colorlib`, the command line."""

import sys

import typer
from rich.console import Console

from colorlib.apps.app import app as web
from colorlib.apps.bins import bins
from colorlib.apps.colorize import colorize
from colorlib.apps.export import export
from colorlib.apps.lines import one_line
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
        _fail(str(error))
    except OSError as error:  # of the system: a place that may not be read or written, a disk that fails
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}")


def _fail(reason: str) -> None:
    lines = "\n".join(one_line(line) for line in reason.split("\n"))  # of settings, one for each mistake
    Console(stderr=True, soft_wrap=True).print(f"colorlib: {lines}", style="red", markup=False, highlight=False)
    sys.exit(1)
