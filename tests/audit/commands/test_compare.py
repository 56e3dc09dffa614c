"""The command on a real MLflow database, made once."""

import json
import sys
from functools import partial

import pytest


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """(tracking URI, id of a run of another name): two seeds of `a` and of `b`, each with a picture."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.chdir(folder)
        from mlflow import MlflowClient

        uri = f"sqlite:///{folder / 'runs.db'}"
        client = MlflowClient(tracking_uri=uri)
        experiment = client.create_experiment("e", artifact_location=(folder / "artefacts").as_uri())
        (folder / "grid.png").write_bytes(b"png")
        for name, base in (("a", 0.80), ("b", 0.90)):
            for seed in (0, 1):
                run = client.create_run(experiment, run_name=name).info.run_id
                client.log_param(run, "seed", seed)
                client.log_param(run, "lr", name)
                client.log_metric(run, "auc", base + seed / 100)
                client.log_metric(run, "system/cpu", 1)
                client.log_artifact(run, str(folder / "grid.png"), "pictures")
                client.set_terminated(run)
        return uri, run


@pytest.fixture
def compare(audit):
    return partial(audit, "compare")


def test_two_sets_over_seeds_with_pictures_and_gates(tracked, compare, tmp_path, monkeypatch):
    uri, _ = tracked
    monkeypatch.chdir(tmp_path)
    status, out, err = compare("a", "b", "--tracking-uri", uri, "--output", "c", "--gate", "auc>=0.9")
    assert status == 0, out + err
    assert "larger than the spread" in out
    assert "system/" not in out
    assert "![grid.png](a/pictures/grid.png)" in (tmp_path / "c/comparison.md").read_text()
    assert (tmp_path / "c/b/pictures/grid.png").read_bytes() == b"png"
    content = json.loads((tmp_path / "c/comparison.json").read_text())
    assert content["parameters"] == {"lr": {"a": "a", "b": "b"}}
    assert sorted(content["metrics"]["auc"]["b"]) == pytest.approx([0.90, 0.91])


def test_a_gate_that_is_missed_and_one_run_by_its_id(tracked, compare, tmp_path):
    uri, one = tracked
    assert compare("a", one, "--tracking-uri", uri, "--gate", "auc>0.95")[0] == 1
    (tmp_path / "b.json").write_text('{"auc": {"value": 0.95, "better": "higher"}}')
    assert compare("a", one, "--tracking-uri", uri, "--no-worse-than", str(tmp_path / "b.json"))[0] == 1
    status, out, _ = compare("a", one, "--tracking-uri", uri)
    assert status == 0
    assert "spread not known" in out


def test_wrong_usage_is_one_sentence(tracked, compare, tmp_path, monkeypatch):
    uri, _ = tracked
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for arguments, words in (
        (["a", "b"], "no MLflow database"), (["a", "gone", "--tracking-uri", uri], "no finished run"),
        (["a", "0" * 32, "--tracking-uri", uri], "no finished run"), (["a", "b'", "--tracking-uri", uri], "quotes"),
        (["a", "b", "--tracking-uri", uri, "--gate", "auc"], "is no gate"),
    ):  # fmt: skip
        status, _, err = compare(*arguments)
        assert (status, words in err) == (2, True), err


def test_without_mlflow_one_sentence(compare, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    status, _, err = compare("a", "b")
    assert status == 2
    assert "pip install mlflow" in err
