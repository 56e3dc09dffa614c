import socket
import tomllib

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from typer.testing import CliRunner

from colorlib.apps.cli import app
from colorlib.apps.streamlit_server import settings
from colorlib.apps.studio.guard import guard
from colorlib.errors import ColorlibError
from tests.small_project import ROOT


@pytest.mark.parametrize("framework", ["streamlit", "gradio"])
def test_a_port_in_use_and_a_missing_model_are_sentences(framework: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        busy = CliRunner().invoke(app, ["app", framework, "--port", port])
    assert isinstance(busy.exception, ColorlibError)
    assert f"port {port} at 127.0.0.1 cannot be used" in str(busy.exception)
    missing = CliRunner().invoke(app, ["app", framework, "--port", port, "--model", "nowhere"])
    assert isinstance(missing.exception, ColorlibError)
    assert "nowhere holds no trained model" in str(missing.exception)


def test_a_framework_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = CliRunner().invoke(app, ["app", "gradio"])
    assert "gradio is not installed" in str(result.exception)


def test_the_page_is_kept_to_this_machine() -> None:
    chosen = settings("127.0.0.1", 8501)
    assert chosen["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert settings("0.0.0.0", 8501)["server.allowedHosts"] == []
    # What is committed for whoever starts Streamlit by itself says nothing else.
    for section, options in tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8")).items():
        assert options == {name: chosen[f"{section}.{name}"] for name in options}


@pytest.mark.parametrize(("name", "status"), [("evil.example", 400), ("localhost", 200)])
def test_another_name_for_this_machine_is_refused(name: str, status: int) -> None:
    page = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))], middleware=guard("127.0.0.1"))
    assert TestClient(page).get("/", headers={"host": f"{name}:7860"}).status_code == status


def test_who_lets_others_in_is_asked_by_any_name() -> None:
    assert guard("0.0.0.0") == []
