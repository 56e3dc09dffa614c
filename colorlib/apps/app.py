"""`colorlib app`: the two web apps."""

import importlib.util
import os
import socket
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from colorlib.errors import ColorlibError

if TYPE_CHECKING:
    from colorlib.apps.studio.shelf import Shelf

PORTS = {"streamlit": 8501, "gradio": 7860}  # where each of them is expected


class Framework(StrEnum):
    """What the page is made with."""

    STREAMLIT = "streamlit"
    GRADIO = "gradio"


def app(
    framework: Annotated[Framework, typer.Argument(help="What the page is made with.")],
    model: Annotated[Path, typer.Option(help="A model's folder, or a folder of several.")] = Path("models"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="8501 for streamlit, 7860 for gradio.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets others in.")] = "127.0.0.1",
    cache: Annotated[str, typer.Option(help="none, disk, redis://… or unix://…: keeps predicted colours.")] = "none",
) -> None:
    """Start a web app for colouring photographs, on this machine only by default."""
    if importlib.util.find_spec(framework) is None:
        raise ColorlibError(f"{framework} is not installed: pip install 'colorful-colorization[apps]'")
    chosen = PORTS[framework] if port is None else port
    _check_free(host, chosen)
    from colorlib.apps.studio.shelf import Shelf
    from colorlib.cache import open_cache

    shelf = Shelf(model, open_cache(cache))
    threading.Thread(target=_warm_up, args=(shelf,), daemon=True).start()
    typer.echo(f"http://{f'[{host}]' if ':' in host else host}:{chosen}   (Ctrl-C ends)")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    if framework is Framework.GRADIO:
        from colorlib.apps.gradio_app import serve
    else:
        from colorlib.apps.streamlit_server import serve
    serve(shelf, host, chosen)


def _check_free(host: str, port: int) -> None:
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise ColorlibError(
            f"port {port} at {host} cannot be used ({error}): choose another with --port or --host"
        ) from error


def _warm_up(shelf: "Shelf") -> None:
    from colorlib.apps.studio.warming import warm_up

    try:
        warm_up(shelf)
    except ColorlibError as error:
        typer.echo(str(error), err=True)  # the page says it, too, to whoever chooses that model
