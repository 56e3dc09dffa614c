"""MLflow: one run for each trained model."""

import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorlib.errors import ColorlibError

if TYPE_CHECKING:
    import mlflow

EXPERIMENT = "colorlib"
SQLITE = "sqlite:///"
SERVERS = ("http://", "https://")
DATABASES = ("postgresql", "mysql", "mssql")  # behind a network
DATABASE = f"{SQLITE}mlflow.db"
ARTIFACTS = Path("mlartifacts")
WEIGHTS_TAG = "colorlib.weights_sha256"

logger = logging.getLogger(__name__)


class Tracker:
    """Writes to one MLflow run; what MLflow cannot write is a `ColorlibError`."""

    def __init__(self, client: "mlflow.MlflowClient", run_id: str, resumed: bool = False) -> None:
        self._client = client
        self.run_id = run_id
        self.resumed = resumed

    def parameters(self, values: Mapping[str, object]) -> None:
        """Log parameters; nested mappings become dotted keys."""
        with _in_words("written"):
            for key, value in flatten(values).items():
                self._client.log_param(self.run_id, key, value)

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Log metrics of a step (a step of the training, an epoch, or 0) in one transaction."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        with _in_words("written"):
            self._client.log_batch(self.run_id, [Metric(key, value, now, step) for key, value in values.items()])

    def tag(self, key: str, value: str) -> None:
        """Set a tag."""
        with _in_words("written"):
            self._client.set_tag(self.run_id, key, value)

    def artifact(self, path: Path, folder: str | None = None) -> None:
        """Store a file, or all files of a directory."""
        with _in_words("written"):
            if path.is_dir():
                self._client.log_artifacts(self.run_id, str(path), folder)
            else:
                self._client.log_artifact(self.run_id, str(path), folder)


@contextmanager
def new_run(name: str, resume: str | None = None) -> Iterator[Tracker]:
    """Start a run; it ends FINISHED, FAILED after an exception, or KILLED after Ctrl-C. The machine's load is logged.

    Args:
        name: of the run.
        resume: id of a run that was killed and goes on; where it is not found, a new one starts.

    Raises:
        ColorlibError: the tracking server or database cannot be used, or fails while it is written.
    """
    client, address, experiment = _connect()
    tags = {"mlflow.source.git.commit": git_commit(), "mlflow.runName": name, "colorlib.run": name}
    with _in_words("written"):
        found = client.search_runs([experiment], f"attributes.run_id = '{resume}'") if resume else []
        if found:
            run_id = found[0].info.run_id
            client.update_run(run_id, "RUNNING")
        else:
            run_id = client.create_run(experiment, tags=tags).info.run_id
    try:
        with system_metrics(run_id, address, resume=bool(found)):
            yield Tracker(client, run_id, resumed=bool(found))
    except BaseException as error:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        try:
            with _in_words("written"):
                client.set_terminated(run_id, status)
        except ColorlibError as second:
            error.add_note(f"and the run could not be marked {status}: {second}")  # the first error is the one to show
        raise
    with _in_words("written"):
        client.set_terminated(run_id, "FINISHED")


@contextmanager
def system_metrics(run_id: str, address: str, resume: bool) -> Iterator[None]:
    """MLflow's own thread logs the load of processor, memory, disk and network (and GPU, with pynvml), as `system/…`.

    Every ten seconds, or as MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL says. Without psutil nothing is logged.
    """
    try:
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
    except ImportError:
        logger.warning("the load of the machine is not logged: pip install psutil")
        yield
        return
    logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)  # a line at each start and end
    monitor: Any = SystemMetricsMonitor  # has no types
    monitor = monitor(run_id, resume_logging=resume, tracking_uri=address)
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


def find_run(weights_sha256: str) -> Tracker | None:
    """The newest run that made these weights, or None (the database is not part of what DVC restores).

    Raises:
        ColorlibError: the tracking server or database cannot be used.
    """
    client, _, experiment = _connect()
    query = f"tags.`{WEIGHTS_TAG}` = '{weights_sha256}'"
    with _in_words("read"):
        found = client.search_runs([experiment], query, order_by=["start_time DESC"], max_results=1)
    return Tracker(client, found[0].info.run_id) if found else None


def tracking_uri() -> str:
    """Where runs go: `MLFLOW_TRACKING_URI`, or a SQLite file in the project's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI", DATABASE)


def without_password(text: str) -> str:
    """`text`, fit to be printed: `user:password@` of any address in it is masked, and so is `password=…`.

    SQLAlchemy takes a password with "/" and with "@": what may be one is masked up to the last "@".
    """
    text = re.sub(r"(?<=://)(?:[^/\s]+|[^/:\s]*:\S*)@", "***@", text)
    return re.sub(r"(?i)(password=)[^&\s]+", r"\1***", text)


def git_commit() -> str:
    """The commit of the project's folder, with "-dirty" where tracked files differ from it; "unknown" without git.

    What a pipeline writes does not count: DVC deletes the reports of a stage before the stage runs.
    """
    ours = [".", ":!reports", ":!dvc.lock"]
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *ours], capture_output=True, check=False)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("-dirty" if changes.returncode else "")


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one level of dotted keys."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _connect() -> tuple["mlflow.MlflowClient", str, str]:
    """Return a client, the address it works on, and the id of our experiment."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when mlflow is imported
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a wrong address is said in seconds, not minutes
    try:
        import mlflow

        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # two lines on every new database
    except ImportError as error:
        raise ColorlibError("mlflow is not installed: pip install 'colorful-colorization[tracking]'") from error
    uri = tracking_uri()
    with _in_words("used"):
        # MLflow remembers databases by their address: a relative one would mean another after a change of folder.
        address = f"{SQLITE}{Path('mlflow.db').resolve()}" if uri == DATABASE else uri
        if address.startswith(DATABASES):
            _knock(address)
        client = mlflow.MlflowClient(tracking_uri=address)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is not None:
            return client, address, experiment.experiment_id
        # A server knows its own artifact store; for a database the folder has to be said.
        location = None if uri.startswith(SERVERS) else _beside(address).resolve().as_uri()
        return client, address, client.create_experiment(EXPERIMENT, artifact_location=location)


def _knock(address: str) -> None:
    """Open and close one connection: MLflow itself would try a wrong password ten times, over 101 seconds."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(address)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _beside(address: str) -> Path:
    """The folder of artifacts: beside a SQLite file, in the project's folder for other databases."""
    return Path(address.removeprefix(SQLITE)).with_name(ARTIFACTS.name) if address.startswith(SQLITE) else ARTIFACTS


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    """Turn whatever MLflow raises into one sentence: MLflow at … cannot be `what`."""
    try:
        yield
    except Exception as error:  # MLflow, SQLAlchemy and requests each raise their own
        reason = " ".join(str(error).split())[:300]
        message = f"MLflow at {tracking_uri()} cannot be {what}: {reason}"
        raise ColorlibError(without_password(message)) from error
