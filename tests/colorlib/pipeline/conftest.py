"""A whole small project, run once through all stages: twelve real photographs, a few short epochs."""

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from colorlib.pipeline import evaluate, prepare, statistics, train

ROOT = Path(__file__).parents[3]
STARTER = ROOT / "data/starter"
EACH = {"train": 6, "val": 3, "test": 3}
RUNS = {
    "main": {"objective": "classification", "grid": "paper", "rebalancing": True},
    "plain": {"objective": "classification", "grid": "full", "rebalancing": False},
    "regression": {"objective": "regression"},
}


def write_project(folder: Path) -> None:
    """A folder with a cut-down starter set and parameters to match."""
    source = folder / "data/starter"
    source.mkdir(parents=True)
    with (STARTER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for split, count in EACH.items() for row in [r for r in rows if r["split"] == split][:count]]
    for row in chosen:
        shutil.copy(STARTER / row["file"], source / row["file"])
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    (source / "manifest.csv").write_text(text.getvalue(), encoding="utf-8")
    settings = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    settings["prepare"]["size"] = 40
    settings["train"] |= {"epochs": 8, "batch_size": 3, "crop": 32, "precision": "fp32"}
    settings |= {"runs": RUNS, "main": "main", "evaluate": {"pictures": 2}}
    (folder / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with all tables: making one takes seconds, copying it does not."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    import mlflow

    mlflow.MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def project(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project before any stage has run, as the current directory."""
    write_project(tmp_path)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Path]:
    """A small project after all stages have run; read only."""
    folder = tmp_path_factory.mktemp("finished")
    write_project(folder)
    shutil.copy(empty_database, folder / "mlflow.db")
    before = Path.cwd()
    uri = os.environ.pop("MLFLOW_TRACKING_URI", None)
    os.chdir(folder)
    try:
        prepare.main()
        statistics.main()
        for name in RUNS:
            train.main(name)
        evaluate.main()
        yield folder
    finally:
        os.chdir(before)
        if uri is not None:
            os.environ["MLFLOW_TRACKING_URI"] = uri
