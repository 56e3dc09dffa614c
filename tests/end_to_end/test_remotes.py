"""Where a team keeps data, models and runs: another folder, S3-compatible storage, a PostgreSQL server. All real."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from colorlib.errors import ColorlibError
from colorlib.pipeline import prepare, statistics, train
from tests.small_project import SHORT, command, write_project

PASSWORD = "only-in-the-environment"


def test_another_folder_as_the_remote_of_dvc(repository: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    _push(repository, ["dvc", "remote", "add", "--local", "--force", "--default", "share", str(share)])
    _pull_elsewhere(repository, tmp_path, ["dvc", "remote", "add", "--local", "--default", "share", str(share)])


def test_s3_storage_as_the_remote_of_dvc(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "team")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3

    boto3.client("s3").create_bucket(Bucket="colorlib")
    _push(repository, ["dvc", "remote", "add", "--local", "--force", "--default", "s3", "s3://colorlib/cache"])
    _pull_elsewhere(repository, tmp_path, ["dvc", "remote", "add", "--local", "--default", "s3", "s3://colorlib/cache"])
    for folder in (repository, tmp_path / "clone"):
        assert PASSWORD not in "".join(path.read_text() for path in (folder / ".dvc").glob("config*"))


@pytest.fixture
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _push(repository: Path, remote: list[str]) -> None:
    assert command(repository, *remote).returncode == 0
    try:
        pushed = command(repository, "dvc", "push")
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert "pushed" in pushed.stdout
    finally:
        (repository / ".dvc/config.local").unlink()


def _pull_elsewhere(repository: Path, tmp_path: Path, remote: list[str]) -> None:
    """A clone of the repository gets models and data from the remote, and has nothing left to run."""
    clone = tmp_path / "clone"
    assert command(tmp_path, "git", "clone", "-q", str(repository), str(clone)).returncode == 0
    assert not (clone / "models/main/model.safetensors").exists()
    assert command(clone, *remote).returncode == 0
    pulled = command(clone, "dvc", "pull")
    assert pulled.returncode == 0, pulled.stdout + pulled.stderr
    for name in SHORT:
        file = f"models/{name}/model.safetensors"
        assert (clone / file).read_bytes() == (repository / file).read_bytes()
    assert "Data and pipelines are up to date." in command(clone, "dvc", "repro", "--dry").stdout
    assert command(clone, "git", "status", "--porcelain").stdout == ""


def test_runs_go_to_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], postgresql: str
) -> None:
    write_project(tmp_path, ("main",), epochs=1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", postgresql)
    prepare.main()
    statistics.main()

    monkeypatch.setenv("PGPASSWORD", "wrong")
    began = time.monotonic()
    with pytest.raises(ColorlibError, match="password authentication failed") as caught:
        train.main("main")
    assert time.monotonic() - began < 60  # MLflow alone would try for 101 seconds
    assert "MLflow at postgresql+psycopg://***@127.0.0.1" in str(caught.value)
    assert not (tmp_path / "models").exists()

    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    train.main("main")
    assert PASSWORD not in "".join(capfd.readouterr())
    client = mlflow.MlflowClient(tracking_uri=postgresql)
    experiment = client.get_experiment_by_name("colorlib")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["val_auc"] > 0
    assert not (tmp_path / "mlflow.db").exists()
    address = postgresql.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address) as connection:  # it is really there that the run stands
        assert connection.execute("select name from runs").fetchall() == [("main",)]


@pytest.fixture
def postgresql() -> Iterator[str]:
    """A server of its own in a temporary folder, on a free loopback port, with a password."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))
    assert programs, "PostgreSQL is not installed: run `make test`, or apt-get install postgresql"
    # PostgreSQL refuses to run as root, and its own user may not enter pytest's folders.
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as place:
        folder = Path(place)
        (folder / "password").write_text(PASSWORD)
        if as_owner:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def control(*arguments: str) -> None:
            subprocess.run([*as_owner, *arguments], cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=60)

        files = (f"--pgdata={folder}/data", f"--pwfile={folder}/password")
        control(f"{programs}/initdb", "--username=team", "--auth=scram-sha-256", "--no-sync", *files)
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control(f"{programs}/pg_ctl", "start", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options)
        try:
            yield f"postgresql+psycopg://team@127.0.0.1:{port}/postgres"
        finally:
            control(f"{programs}/pg_ctl", "stop", "-w", "-m", "immediate", "-D", f"{folder}/data")
