"""No container engine is needed here: the files' structure, and that their commands exist."""

import yaml
from typer.testing import CliRunner

from colorlib.apps.cli import app
from tests.small_project import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text(encoding="utf-8"))["services"]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8").splitlines()


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in COMPOSE.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_service_has_a_health_check_and_no_root() -> None:
    assert set(COMPOSE) == {"app", "redis", "mlflow"}
    assert all("healthcheck" in service for service in COMPOSE.values())
    assert all("build" in service or service.get("user") not in (None, "root") for service in COMPOSE.values())
    assert DOCKERFILE.index("USER colorlib") < next(i for i, line in enumerate(DOCKERFILE) if line.startswith("CMD"))


def test_what_is_copied_exists() -> None:
    sources = [name for line in DOCKERFILE if line.startswith("COPY") for name in line.split()[1:-1]]
    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_start_command_is_one_of_ours() -> None:
    command = COMPOSE["app"]["command"]
    shown = CliRunner().invoke(app, [*command[1:3], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    assert all(option in shown.output for option in command if option.startswith("--"))
