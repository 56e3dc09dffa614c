"""`colorlib app`: the two web apps."""

import os
from pathlib import Path
from typing import Annotated

import typer

from colorlib.errors import ColorlibError

app = typer.Typer(help="A web app for colouring photographs, on this machine only by default.", no_args_is_help=True)

Model = Annotated[Path, typer.Option(help="A model's folder, or a folder of several.")]
Host = Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets others on the network in.")]
CacheUrl = Annotated[str, typer.Option(help="none, disk, redis://… or unix://…: keeps predicted colours.")]


@app.command()
def gradio(
    model: Model = Path("models"),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    host: Host = "127.0.0.1",
    cache: CacheUrl = "none",
) -> None:
    """Start the Gradio app."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    try:
        import gradio as _  # noqa: F401
    except ImportError as error:
        raise ColorlibError("gradio is not installed: pip install 'colorful-colorization[apps]'") from error
    from colorlib.apps.gradio_app import serve
    from colorlib.apps.studio.shelf import Shelf
    from colorlib.cache import open_cache

    shelf = Shelf(model, open_cache(cache))
    typer.echo(f"http://{host}:{port}   (Ctrl-C ends)")
    try:
        serve(shelf, host, port)
    except OSError as error:
        raise ColorlibError(f"port {port} at {host} cannot be used ({error}): choose another with --port") from error


@app.command()
def streamlit(
    model: Model = Path("models"),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    host: Host = "127.0.0.1",
    cache: CacheUrl = "none",
) -> None:
    """Start the Streamlit app."""
    try:
        from streamlit.web import bootstrap
    except ImportError as error:
        raise ColorlibError("streamlit is not installed: pip install 'colorful-colorization[apps]'") from error
    from colorlib.apps.studio.shelf import CACHE, PLACE, Shelf
    from colorlib.cache import open_cache

    Shelf(model, open_cache(cache))  # what is wrong with either is said here, not in the page
    os.environ |= {PLACE: str(model), CACHE: cache}
    flags = {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.maxUploadSize": 128,  # megabytes; the page says what is too large below that
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
    }
    script = str(Path(__file__).with_name("streamlit_app.py"))
    bootstrap.load_config_options(flags)
    bootstrap.run(script, is_hello=False, args=[], flag_options=flags)
