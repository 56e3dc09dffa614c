import subprocess
from pathlib import Path

import mlflow
import pytest

from colorlib.errors import ColorlibError
from colorlib.pipeline import tracking


def status_of(uri: str, name: str) -> str:
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`colorlib.run` = '{name}'")
    return str(run.info.status)


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


@pytest.mark.parametrize("uri", ["sqlite:////proc/no/x.db", "http://127.0.0.1:9"])
@pytest.mark.usefixtures("project")
def test_a_store_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ColorlibError, match=f"MLflow at {uri} cannot be used") as caught, tracking.new_run("r"):
        pass
    assert "\n" not in str(caught.value)


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
