"""Runs as MLflow has them. MLflow itself is imported when the first one is asked for."""

import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from audit.errors import AuditError

ID = re.compile(r"[0-9a-f]{32}")
SYSTEM = "system/"  # load of the machine: MLflow's own, and nobody's result
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg")
NEWEST = 1000  # runs of one name that are looked at


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        metrics: the last value of each.
    """

    id: str
    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def seed(self) -> str:
        """What tells runs of one set apart: the parameter that is called seed, "" without one."""
        return next((text for name, text in sorted(self.parameters.items()) if is_seed(name)), "")


def is_seed(name: str) -> bool:
    """`seed`, `train.seed`, `random_seed`, `train/seed`."""
    return re.split(r"[./_]", name)[-1].lower() == "seed"


class Store(Protocol):
    """Where runs come from."""

    def by_id(self, identifier: str) -> Run | None:
        """The run of this id."""

    def by_name(self, name: str) -> Sequence[Run]:
        """The finished runs of this name, the newest first."""

    def pictures(self, run: Run) -> Sequence[str]:
        """Paths of its artefacts that are pictures."""

    def fetch(self, run: Run, path: str, folder: Path) -> Path:
        """A copy of an artefact in a folder."""


def chosen(store: Store, words: str) -> tuple[Run, ...]:
    """A set of runs: ids or names, with commas. Of runs of one name and seed the newest counts.

    Raises:
        AuditError: one of them is not there.
    """
    found: dict[str, Run] = {}
    for word in (part.strip() for part in words.split(",")):
        run = store.by_id(word) if ID.fullmatch(word) else None
        runs = [run] if run else newest(store.by_name(word)) if word else []
        if not runs:
            raise AuditError(f"no finished run has the id or name {word!r}; `mlflow ui` lists them")
        found |= {item.id: item for item in runs}
    return tuple(found.values())


def newest(runs: Iterable[Run]) -> list[Run]:
    """One run for each seed; they come the newest first."""
    by_seed: dict[str, Run] = {}
    for run in runs:
        by_seed.setdefault(run.seed, run)
    return list(by_seed.values())


class Tracking:
    """A store behind an MLflow tracking URI."""

    def __init__(self, uri: str) -> None:
        self.client = client(uri)

    def by_id(self, identifier: str) -> Run | None:
        """The run of this id; None where there is none."""
        from mlflow.exceptions import MlflowException

        try:
            return read(self.client.get_run(identifier))
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise unreachable(error) from error

    def by_name(self, name: str) -> Sequence[Run]:
        """The finished runs of this name, the newest first."""
        from mlflow.exceptions import MlflowException

        if "'" in name or '"' in name or "`" in name:
            raise AuditError(f"a name of a run cannot be asked for with quotes in it: {name!r}; give the run's id")
        try:
            experiments = [item.experiment_id for item in self.client.search_experiments()]
            wanted = f"attributes.run_name = '{name}' and attributes.status = 'FINISHED'"
            order = ["attributes.start_time DESC"]
            found = self.client.search_runs(experiments, wanted, max_results=NEWEST, order_by=order)
            return [read(run) for run in found]
        except MlflowException as error:
            raise unreachable(error) from error

    def pictures(self, run: Run) -> Sequence[str]:
        """Paths of its artefacts that are pictures, in all folders."""
        found, left = [], [""]
        while left:
            for item in self.client.list_artifacts(run.id, left.pop()):
                if item.is_dir:
                    left.append(item.path)
                elif item.path.lower().endswith(PICTURES):
                    found.append(item.path)
        return sorted(found)

    def fetch(self, run: Run, path: str, folder: Path) -> Path:
        """A copy of an artefact in a folder, under the same path.

        Raises:
            AuditError: the path leads out of the folder, or the server does not give it.
        """
        from mlflow.exceptions import MlflowException

        place = folder / path
        if not place.resolve().is_relative_to(folder.resolve()):
            raise AuditError(f"the run {run.id[:8]} has an artefact outside its folder: {path!r}")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            return Path(self.client.download_artifacts(run.id, path, str(place.parent)))
        except MlflowException as error:
            raise unreachable(error) from error


def client(uri: str) -> Any:
    """MLflow's client.

    Raises:
        AuditError: MLflow is not installed, or there is nothing at this address.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when mlflow is imported
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise AuditError("comparing runs needs MLflow: pip install mlflow") from error
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    path = uri.removeprefix("sqlite:///")
    if path != uri and not Path(path).is_file():
        raise AuditError(f"there is no MLflow database {path}: run the pipeline, or give --tracking-uri")
    try:
        return MlflowClient(tracking_uri=uri)
    except MlflowException as error:
        raise unreachable(error) from error


def read(run: Any) -> Run:
    """A run without what MLflow measures of the machine."""
    metrics = {name: value for name, value in run.data.metrics.items() if not name.startswith(SYSTEM)}
    return Run(run.info.run_id, run.info.run_name or run.info.run_id[:8], dict(run.data.params), metrics)


def unreachable(error: Exception) -> AuditError:
    """One sentence, without what a server's message may repeat of an address with its password."""
    return AuditError(f"MLflow did not answer: {type(error).__name__}; look at the tracking URI and the server")
