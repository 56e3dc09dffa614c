"""`colorlib train` on a few photographs."""

import shutil
from pathlib import Path

import mlflow
import pytest
import yaml

from colorlib.apps import cli
from colorlib.files import sha256_of
from colorlib.models import from_pretrained
from colorlib.pipeline import train_source

STARTER = Path(__file__).parents[3] / "data/starter"
SETTINGS = """
prepare: {size: 32}
train:
  epochs: 4
  batch_size: 4
  crop: 32
  precision: fp32
  watching: {pictures: 2, seconds: 0, chroma: 1}
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in sorted(STARTER.glob("*.jpg"))[:9]:
        shutil.copy(photo, folder)
    (folder / "half.jpg").write_bytes(photo.read_bytes()[:2000])
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return folder


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.2")
    return uri


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["colorlib", "train", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_a_network_is_trained_from_a_folder_and_its_run_is_logged(
    monkeypatch: pytest.MonkeyPatch, photos: Path, tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output, settings = tmp_path / "My Run", tmp_path / "settings.yaml"
    arguments = ("--data", photos, "--output", output, "--settings", settings, "--validation", "2", "--epochs", "2")
    assert run(monkeypatch, *arguments) == 0
    printed = capsys.readouterr().out
    assert "left out: " in printed
    assert "half.jpg" in printed
    for words in ("loss ", "lr 3.0e-05", "images/s", "GiB", "validation AuC"):
        assert words in printed
    assert from_pretrained(output / "model").size == 32
    assert yaml.safe_load((output / "settings.yaml").read_text())["train"]["epochs"] == 2
    card = (output / "model/README.md").read_text()
    assert "7 photographs" in card
    assert "manifest.csv" not in card
    client = mlflow.MlflowClient(tracking_uri=database)
    (logged,) = client.search_runs([client.get_experiment_by_name("colorlib").experiment_id])
    assert (logged.info.run_name, logged.info.status) == ("my-run", "FINISHED")
    steps = {
        name: [m.step for m in client.get_metric_history(logged.info.run_id, name)] for name in logged.data.metrics
    }
    for name in ("loss", "gradient_norm", "chroma", "learning_rate", "images_per_second", "memory_gib"):
        assert steps[f"step_{name}"] == [1, 2, 3, 4]
    assert steps["val_auc"] == [0, 1]
    assert any(name.startswith("system/") for name in steps)
    pictures = {item.path for item in client.list_artifacts(logged.info.run_id, "pictures")}
    assert pictures == {"pictures/step-00000002.png", "pictures/step-00000004.png", "pictures/pictures.png"}
    weights = sha256_of(output / "model/model.safetensors")
    assert run(monkeypatch, *arguments) == 0
    assert "goes on after step 4" in capsys.readouterr().out
    assert sha256_of(output / "model/model.safetensors") == weights
    assert len(client.search_runs([client.get_experiment_by_name("colorlib").experiment_id])) == 1
    assert run(monkeypatch, *arguments, "--crop", "24") == 1
    assert "belongs to a run with other settings (crop was 32, is 24)" in capsys.readouterr().err
    with monkeypatch.context() as restarted:  # by the elastic agent: what is there is this very run's
        restarted.setenv("TORCHELASTIC_RESTART_COUNT", "1")
        assert run(monkeypatch, *arguments, "--crop", "24", "--fresh") == 1
    assert run(monkeypatch, *arguments, "--crop", "24", "--fresh") == 0
    assert sha256_of(output / "model/model.safetensors") != weights


def test_regression_needs_no_histogram_and_tracking_no_mlflow(
    monkeypatch: pytest.MonkeyPatch, photos: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(SETTINGS + "run: {objective: regression}\n")
    monkeypatch.setattr(train_source.importlib.util, "find_spec", lambda _: None)
    output = tmp_path / "out"
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert run(monkeypatch, "--data", photos, "--output", output, "--settings", settings, "--epochs", "1") == 0
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert from_pretrained(output / "model").model.head == "regression"
    assert not (output / "statistics").exists()
    assert not (output / "mlflow.db").exists()
    again = tmp_path / "again"
    assert run(monkeypatch, "--data", photos, "--output", again, "--settings", output / "settings.yaml") == 0
    for name in ("model/model.safetensors", "settings.yaml"):
        assert sha256_of(again / name) == sha256_of(output / name)


@pytest.mark.parametrize(
    ("settings", "arguments", "code", "words"),
    [
        ("", ["--data", "nothing"], 1, "--data is nothing, which does not exist"),
        ("", ["--output", "settings.yaml"], 1, "--output is settings.yaml, a file: name a folder"),
        ("", ["--settings", "no.yaml"], 1, "there is no no.yaml: name a file that exists"),
        ("", ["--model", "resnet"], 1, "train.model: input should be 'mobilelite' or 'papernet', got 'resnet'"),
        ("", ["--epochs", "0"], 1, "train.epochs: input should be greater than or equal to 1, got 0"),
        ("", ["--epochs", "many"], 2, "Invalid value for '--epochs'"),
        ("", ["--validation", "99"], 1, "99 of 9 images cannot be taken aside"),
        ("runs: {a: {}}", [], 1, "settings.yaml: runs belongs to params.yaml; one run is described by the section run"),
        ("run: {grid: hexagons}", [], 1, "settings.yaml: run.grid: input should be 'paper' or 'full', got 'hexagons'"),
        ("train: 3", [], 1, "settings.yaml: train holds int, expected keys with values"),
        ("prepare: {source: a}", [], 1, "prepare.source is what --data says"),
        ("train: {crop: 300}", [], 1, "train.crop (300) is larger than prepare.size (256)"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///unused.db")
    Path("settings.yaml").write_text(settings or "{}")
    usual = ["--data", str(photos), "--output", "out", "--settings", "settings.yaml"]
    assert run(monkeypatch, *usual, *arguments) == code
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    assert code == 2 or len(error.strip().splitlines()) == 1
    assert not Path("out/model").exists()
