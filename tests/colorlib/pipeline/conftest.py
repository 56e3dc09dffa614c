"""A whole small project, run once through all stages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from colorlib.pipeline import evaluate, prepare, statistics, train
from tests.dask_cluster import DaskCluster, dask_cluster
from tests.small_project import RUNS, write_project


@pytest.fixture
def project(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project before any stage has run, as the current directory."""
    write_project(tmp_path)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
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
    finally:
        os.chdir(before)  # at once: tests of other folders run while this fixture lives
        if uri is not None:
            os.environ["MLFLOW_TRACKING_URI"] = uri
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    """A scheduler and two workers; tests of the module may kill one."""
    with dask_cluster(2, imported_from=Path(__file__).parent) as running:
        yield running
