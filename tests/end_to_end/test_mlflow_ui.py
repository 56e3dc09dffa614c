"""The runs in MLflow's own pages, as a person compares them, in a real browser."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from playwright.sync_api import Page, Request, Route, sync_playwright

from tests.browsing import PATIENCE, chromium, wait_for
from tests.small_project import SHORT


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`mlflow server` on a copy of the pipeline's database."""
    database = shutil.copy(repository / "mlflow.db", tmp_path_factory.mktemp("server"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{database}", "--serve-artifacts"),
        *("--artifacts-destination", str(repository / "mlartifacts")),
    ]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    # stdout goes to a file: a pipe that nobody reads would stop the server when it is full.
    log_file = Path(database).parent / "log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process, log_file)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


SCROLLING = """cell => {
    let box = cell;
    const fits = () => box.scrollHeight <= box.clientHeight + 4 || getComputedStyle(box).overflowY === "visible";
    while (fits()) box = box.parentElement;
    return box;
}"""


def _show(page: Page, *keys: str) -> None:
    """Scroll through the table of metrics, which draws the rows in sight only, until all `keys` were seen."""
    table = page.get_by_text("loss_unweighted", exact=True).first.evaluate_handle(SCROLLING)
    missing = set(keys)
    for _ in range(60):
        missing -= {key for key in missing if page.get_by_text(key, exact=True).count()}
        if not missing:
            return
        table.evaluate("box => box.scrollBy(0, 60)")
        page.wait_for_timeout(100)
    raise AssertionError(f"the page shows no metric {missing}")


def test_the_runs_can_be_compared_in_a_browser(server: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("colorlib")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.run_name for run in runs} == set(SHORT)
    query = urllib.parse.urlencode(
        {
            "runs": json.dumps([run.info.run_id for run in runs]),
            "experiments": json.dumps([experiment.experiment_id]),
        }
    )

    def stay_inside(route: Route, request: Request) -> None:
        if urllib.parse.urlsplit(request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            route.abort()

    with sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.route("**/*", stay_inside)
        page.goto(f"{server}/#/compare-runs?{query}")
        for name in SHORT:
            page.get_by_text(name, exact=True).first.wait_for()
        _show(page, "test_rebalanced_auc", "val_chroma")
        browser.close()
