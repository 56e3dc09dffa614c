"""What serves the Streamlit page: `colorlib app streamlit`."""

from pathlib import Path
from typing import Any

import streamlit as st

from colorlib.apps.studio import interface
from colorlib.apps.studio.documents import routes
from colorlib.apps.studio.guard import guard, own_names
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.errors import ColorlibError

SCRIPT = Path(__file__).with_name("streamlit_app.py")

_served: list[Shelf] = []


def served() -> Shelf:
    """The models of the server that runs in this process.

    Raises:
        ColorlibError: there is none: the page was started by itself.
    """
    if not _served:
        raise ColorlibError("this page is started with `colorlib app streamlit`")
    return _served[-1]


def settings(host: str, port: int) -> dict[str, Any]:
    """Streamlit's options: nothing leaves the machine, no traces in the page, no menu."""
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.allowedHosts": own_names(host),  # which Streamlit does not ask of our own routes
        "server.maxUploadSize": LARGEST_FILE >> 20,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "runner.postScriptGC": False,  # a whole collection after every position of a slider, while a network waits
        "logger.hideWelcomeMessage": True,  # which would ask elsewhere for this machine's address
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
    }


def serve(shelf: Shelf, host: str, port: int) -> None:
    """Serve the page until it is interrupted."""
    _served.append(shelf)
    st.App(SCRIPT, routes=[*routes(shelf), interface.route(shelf)], middleware=guard(host)).run(
        config=settings(host, port)
    )
