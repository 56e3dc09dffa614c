"""No container engine is needed here: linters, the files' structure, and that their commands exist."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from colorlib.apps.cli import app
from tests.small_project import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text(encoding="utf-8"))["services"]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8").splitlines()
SCRIPTS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "linter",
    [
        (str(SCRIPTS / "hadolint"), "docker/Dockerfile"),
        (sys.executable, "-m", "compose_lint", "--fail-on", "high", "docker/compose.yaml"),
    ],
    ids=["hadolint", "compose-lint"],
)
def test_linters_find_nothing(linter: tuple[str, ...]) -> None:
    done = subprocess.run(linter, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in COMPOSE.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_service_has_a_health_check_and_no_root() -> None:
    assert set(COMPOSE) == {"app", "redis", "mlflow"}
    assert all("healthcheck" in service for service in COMPOSE.values())
    assert all("build" in service or service.get("user") not in (None, "root") for service in COMPOSE.values())
    assert DOCKERFILE.index("USER 10001") < next(i for i, line in enumerate(DOCKERFILE) if line.startswith("CMD"))


def test_what_is_copied_exists_and_is_all_that_the_build_is_given() -> None:
    sources = [name for line in DOCKERFILE if line.startswith("COPY") for name in line.split()[1:-1]]
    assert [name for name in sources if not (ROOT / name).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored.count("*") == 1
    assert sorted(name.removeprefix("!") for name in ignored if name.startswith("!")) == sorted(sources)


def test_the_start_command_is_one_of_ours() -> None:
    command = COMPOSE["app"]["command"]
    shown = CliRunner().invoke(app, [*command[1:3], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    assert all(option in shown.output for option in command if option.startswith("--"))
