import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import mlflow
import pytest

from colorlib.errors import ColorlibError
from colorlib.pipeline import summary, tracking

USER = ":".join(["ann", "s3cret"])


def status_of(uri: str, name: str) -> str:
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`colorlib.run` = '{name}'")
    return str(run.info.status)


def break_table(project: Path, table: str) -> None:
    """What a full disk does to a writer, for one table of the database."""
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute(f"ALTER TABLE {table} RENAME TO lost_{table}")


@pytest.mark.parametrize(("failure", "status"), [(KeyboardInterrupt(), "KILLED"), (RuntimeError("x"), "FAILED")])
def test_a_run_that_ends_badly_says_so(project: Path, failure: BaseException, status: str) -> None:
    with pytest.raises(type(failure)), tracking.new_run("r"):
        raise failure
    assert status_of(f"sqlite:///{project}/mlflow.db", "r") == status


def test_the_environment_overrides_where_runs_go(
    project: Path, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "elsewhere.db"
    other.write_bytes(empty_database.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    with tracking.new_run("r"):
        pass
    assert status_of(f"sqlite:///{other}", "r") == "FINISHED"
    here = mlflow.MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    assert here.get_experiment_by_name(tracking.EXPERIMENT) is None


@pytest.mark.parametrize("uri", ["sqlite:////proc/no/x.db", "http://127.0.0.1:9", "postgresql+psycopg://127.0.0.1:9/x"])
@pytest.mark.usefixtures("project")
def test_a_store_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    words = re.escape(f"MLflow at {uri} cannot be used")
    with pytest.raises(ColorlibError, match=words) as caught, tracking.new_run("r"):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "write"),
    [
        ("params", lambda tracker: tracker.parameters({"a": 1})),
        ("metrics", lambda tracker: tracker.metrics({"a": 1.0})),
        ("tags", lambda tracker: tracker.tag("a", "b")),
        ("runs", lambda _: None),  # the end of the run is what cannot be written
    ],
)
def test_a_database_that_fails_on_the_way_is_one_sentence(
    project: Path, table: str, write: Callable[[tracking.Tracker], None]
) -> None:
    def run() -> None:
        with tracking.new_run("r") as tracker:
            break_table(project, table)
            write(tracker)

    with pytest.raises(ColorlibError, match=r"MLflow at sqlite:///mlflow\.db cannot be written: ") as caught:
        run()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.txt", "."])
def test_artifacts_that_cannot_be_stored_are_one_sentence(project: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/a.txt").write_text("a")
    (project / "mlartifacts").write_text("no folder")
    with pytest.raises(ColorlibError, match="cannot be written: "), tracking.new_run("r") as tracker:
        tracker.artifact(tmp_path / "kept" / name)
    assert status_of(f"sqlite:///{project}/mlflow.db", "r") == "FAILED"


def test_a_run_that_cannot_begin_or_be_found_is_one_sentence(project: Path) -> None:
    tracking.find_run("0" * 64)  # makes the experiment
    break_table(project, "runs")
    with pytest.raises(ColorlibError, match="cannot be written: "), tracking.new_run("r"):
        pass
    with pytest.raises(ColorlibError, match="cannot be read: "):
        tracking.find_run("0" * 64)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), RuntimeError("the first")])
def test_a_failing_end_does_not_hide_what_ended_the_run(project: Path, failure: BaseException) -> None:
    def run() -> None:
        with tracking.new_run("r"):
            break_table(project, "runs")
            raise failure

    with pytest.raises(type(failure)):
        run()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"http://{USER}@host:5000/x", "http://***@host:5000/x"),
        (f"at postgresql://{USER}@cret@host/db and", "at postgresql://***@host/db and"),
        (f"mysql://{USER}/cr@et@host/db", "mysql://***@host/db"),
        ("postgresql://host/db?user=ann&password=s3cret&x=1", "postgresql://host/db?user=ann&password=***&x=1"),
        ("http://host/a@b", "http://host/a@b"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
    ],
)
def test_passwords_are_masked(text: str, masked: str) -> None:
    assert tracking.without_password(text) == masked


@pytest.mark.usefixtures("project")
def test_no_message_shows_the_password(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{USER}@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ColorlibError, match=r"MLflow at http://\*\*\*@127\.0\.0\.1:9 cannot be used") as caught:
        tracking.find_run("0" * 64)
    summary.main()
    printed = capsys.readouterr().out
    assert '--backend-store-uri "$MLFLOW_TRACKING_URI"' in printed
    assert "s3cret" not in printed + str(caught.value)


def test_weights_that_nobody_logged_have_no_run(project: Path) -> None:
    assert project.is_dir()
    assert tracking.find_run("0" * 64) is None


def test_the_commit_says_whether_the_tree_was_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert tracking.git_commit() == "unknown"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "reports/training").mkdir(parents=True)
    for name in ("a", "dvc.lock", "reports/metrics.json", "reports/training/main.csv"):
        (tmp_path / name).write_text("1")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    commit = tracking.git_commit()
    assert len(commit) == 40
    (tmp_path / "dvc.lock").write_text("2")
    (tmp_path / "reports/metrics.json").write_text("2")
    (tmp_path / "reports/training/main.csv").unlink()  # as DVC does before a stage runs
    assert tracking.git_commit() == commit
    (tmp_path / "a").write_text("2")
    assert tracking.git_commit() == f"{commit}-dirty"


def test_nested_parameters_become_dotted_keys() -> None:
    assert tracking.flatten({"a": {"b": {"c": 1}, "d": 2}, "e": 3}) == {"a.b.c": 1, "a.d": 2, "e": 3}
