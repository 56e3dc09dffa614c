"""`dvc repro` in a repository of its own, with the project's code, configuration and photographs."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import yaml

from tests.small_project import ROOT, SHORT, command


def prepared(repository: Path) -> dict[str, bytes]:
    """What the stage `prepare` has written."""
    return {path.name: path.read_bytes() for path in (repository / "data/prepared").rglob("*") if path.is_file()}


def test_everything_is_there_and_nothing_half_written(repository: Path) -> None:
    for name in SHORT:
        assert (repository / f"models/{name}/model.safetensors").is_file()
    for name in ("evaluation/metrics.json", "evaluation/table.md", "evaluation/pictures.png", "audit/report.md"):
        assert (repository / "reports" / name).is_file()
    assert not [path for path in repository.rglob("*.partial") if ".dvc" not in path.parts]


def test_a_second_time_does_nothing_and_says_so(repository: Path) -> None:
    done = command(repository, "dvc", "repro")
    assert done.returncode == 0
    assert "Data and pipelines are up to date." in done.stdout
    assert command(repository, "git", "status", "--porcelain").stdout == ""


def test_dvc_shows_the_metrics_and_the_pictures(repository: Path) -> None:
    shown = json.loads(command(repository, "dvc", "metrics", "show", "--json").stdout)
    written = json.loads((repository / "reports/evaluation/metrics.json").read_text())
    assert shown[""]["data"]["reports/evaluation/metrics.json"]["data"] == written
    assert command(repository, "dvc", "plots", "show").returncode == 0
    page = (repository / "dvc_plots/index.html").read_text(encoding="utf-8")
    for picture in ("pictures.png", "curves.png", "paper.png", "main.png"):
        assert picture in page
    assert "https://" not in page  # it is seen whole without the internet


def test_the_audit_of_the_stage_calls_the_tests_not_run(repository: Path) -> None:
    report = (repository / "reports/audit/report.md").read_text(encoding="utf-8")
    (line,) = [line for line in report.splitlines() if line.startswith("| `tests.run` ")]
    assert "not run" in line


def test_the_summary_names_every_place(repository: Path) -> None:
    words = command(repository, sys.executable, "-m", "colorlib.pipeline.summary").stdout
    for place in ("models/main", "reports/evaluation/table.md", "mlflow.db", "reports/audit/report.md"):
        assert place in words


def test_a_damaged_photograph_stops_the_pipeline_by_name(repository: Path) -> None:
    photo = sorted((repository / "data/starter").glob("*.jpg"))[0]
    whole, before = photo.read_bytes(), prepared(repository)
    photo.write_bytes(whole[: len(whole) // 2])
    try:
        done = command(repository, "dvc", "repro")
        assert done.returncode != 0
        assert f"{photo.name} is damaged or was changed" in done.stdout + done.stderr
        assert prepared(repository) == before
        assert "Running stage 'statistics'" not in done.stdout
    finally:
        photo.write_bytes(whole)
    assert command(repository, "dvc", "repro").returncode == 0
    assert command(repository, "git", "status", "--porcelain").stdout == ""


def test_a_missing_manifest_stops_the_pipeline_by_name(repository: Path) -> None:
    manifest = repository / "data/starter/manifest.csv"
    aside = manifest.rename(repository / "aside.csv")
    try:
        done = command(repository, sys.executable, "-m", "colorlib.pipeline.prepare")
        assert done.returncode == 1
        assert "there is no manifest data/starter/manifest.csv" in done.stderr
    finally:
        aside.rename(manifest)


def test_a_wrong_parameter_is_said_before_anything_runs(repository: Path) -> None:
    path = repository / "params.yaml"
    right, before = path.read_text(encoding="utf-8"), prepared(repository)
    content = yaml.safe_load(right)
    content["encoding"]["sigma"] = "wide"
    content["prepare"]["size"] = 48  # alone it would make `prepare` do its work
    content["trian"] = {"epochs": 3}  # no stage depends on it
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        done = command(repository, "dvc", "repro")
        assert done.returncode != 0
        assert "params.yaml: encoding.sigma: input should be a valid number, got 'wide'" in done.stdout + done.stderr
        assert "params.yaml: trian: unknown key" in done.stdout + done.stderr
        assert prepared(repository) == before
        assert "Running stage 'statistics'" not in done.stdout
    finally:
        path.write_text(right, encoding="utf-8")
    assert (repository / "models/main/model.safetensors").is_file()


def test_ctrl_c_leaves_nothing_that_looks_whole(repository: Path, tmp_path: Path, empty_database: Path) -> None:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    for name in ("params.yaml", "data/prepared", "reports/statistics"):
        source, target = repository / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    content = yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8"))
    content["train"]["epochs"] = 100_000
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "colorlib.pipeline.train", "main"],
        cwd=tmp_path,
        env=os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        _wait_for_epochs(tmp_path / "mlflow.db", process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "interrupted; nothing half-written was left" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "models").exists()
    assert not list(tmp_path.rglob("*.partial"))
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("select status from runs").fetchall() in ([("KILLED",)], [("FAILED",)])
    database.close()


def _wait_for_epochs(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the training ended by itself"
        time.sleep(0.1)
        if not path.exists():
            continue
        database = sqlite3.connect(path)
        try:
            if database.execute("select count(*) from metrics").fetchone()[0] > 0:
                return
        except sqlite3.OperationalError:
            continue  # the tables are not there yet, or are being written
        finally:
            database.close()
    raise AssertionError("no epoch was logged within a minute")
