"""What holds for every test."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import torch

if TYPE_CHECKING:
    from tests.dealing import Dealer

# What takes longest comes first: begun last, it would keep one worker busy when the others are done.
FIRST = ("tests/end_to_end/", "tests/colorlib/pipeline/", "tests/colorlib/training/", "tests/colorlib/models/")

# Small tensors gain nothing from a second thread, and two test runs on one machine would wait for each other's.
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
torch.set_num_threads(1)

# A busy machine is slow, not wrong. Where CI is set, hypothesis brings its own, reproducible profile.
hypothesis.settings.register_profile("busy machine", deadline=None)
if not os.environ.get("CI"):
    hypothesis.settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with all tables: making one takes seconds, copying it does not."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    import mlflow

    mlflow.MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests, folder by folder."""
    items.sort(key=lambda item: next((i for i, place in enumerate(FIRST) if item.nodeid.startswith(place)), len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "Dealer | None":
    """Who deals the tests to the workers where `--dist loadfile` is asked for."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.dealing import Dealer

    config.option.loadscopereorder = False  # by numbers of tests, which are smallest where each takes longest
    return Dealer(config, log)
