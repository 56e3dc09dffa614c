import csv
import json
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from colorlib.data.prepared import load_prepared, prepared_sha256
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.models import PaperNet, from_pretrained
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.rebalancing import class_weights, smooth_prior
from colorlib.pipeline import evaluate, prepare, reporter, statistics, summary, train
from colorlib.pipeline.scoring import predict
from colorlib.pipeline.settings import load_settings
from colorlib.priors import read_bin_table
from colorlib.training.objective import Classification
from colorlib.training.provenance import code_name, find_commits
from colorlib.training.trainer import Step

GRID = Grid.paper()
RUNS = ("main", "plain", "regression")
EPOCHS = 8


def metrics_of(folder: Path) -> dict[str, dict[str, float]]:
    content: dict[str, dict[str, float]] = json.loads((folder / "reports/evaluation/metrics.json").read_text())
    return content


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


@pytest.mark.parametrize("grid", [Grid.paper(), Grid.full()], ids=lambda grid: grid.name)
def test_statistics_count_every_pixel_of_the_training_split(finished: Path, grid: Grid) -> None:
    table = read_bin_table(finished / f"reports/statistics/{grid.name}.csv", grid)
    train_split = load_prepared(finished / "data/prepared", "train")
    assert int(table.counts.sum()) == 6 * 40 * 40
    ab = rgb_to_lab(train_split.tensor())[:, 1:].permute(0, 2, 3, 1).reshape(-1, 2)  # (pixels, 2)
    slow = torch.cdist(ab.double(), grid.points.double()).argmin(1).bincount(minlength=len(grid))
    assert int((slow - table.counts).abs().sum()) <= 4  # but for ties, every pixel is in the bin that is nearest
    prior = smooth_prior(table.counts, grid, sigma=8.0)
    assert torch.allclose(table.prior, prior)
    assert torch.allclose(table.weights, class_weights(prior, lam=0.3))
    assert float(table.prior @ table.weights) == pytest.approx(1)
    assert picture(finished / f"reports/statistics/{grid.name}.png").width > 600


def test_every_run_leaves_a_model_a_history_and_pictures(finished: Path) -> None:
    for name, q, grid in (("main", 313, "paper"), ("plain", 484, "full"), ("regression", 313, None)):
        model = from_pretrained(finished / "models" / name).model
        assert (model.q, model.grid) == (q, grid)
        with (finished / f"reports/training/{name}.csv").open(newline="") as file:
            history = list(csv.DictReader(file))
        assert [int(row["number"]) for row in history] == list(range(EPOCHS))
        assert all(np.isfinite([float(value) for value in row.values()]).all() for row in history)
        assert picture(finished / f"reports/training/{name}.png").width > 400


def test_only_the_rebalanced_run_is_weighted(finished: Path) -> None:
    for name, weighted in (("main", True), ("plain", False), ("regression", False)):
        with (finished / f"reports/training/{name}.csv").open(newline="") as file:
            first = next(csv.DictReader(file))
        assert (first["loss"] != first["loss_unweighted"]) is weighted


def test_the_model_card_says_what_it_was_trained_on(finished: Path) -> None:
    card = (finished / "models/main/README.md").read_text(encoding="utf-8")
    for words in ("6 photographs of `data/starter`", "AuC, validation split", "encoding.sigma", "BSD-2-Clause"):
        assert words in card
    assert f"the code with the name `{code_name()}`" in card
    assert f"```sh\n{find_commits()}```" in card


def test_metrics_cover_every_run_the_baselines_and_the_truth(finished: Path) -> None:
    metrics = metrics_of(finished)
    assert list(metrics) == ["truth", "grey", "training mean colour", *RUNS]
    for name in list(metrics)[1:]:  # eight epochs may leave a regression beyond all thresholds, on some processors
        assert 0 <= metrics[name]["auc"] < 1
        assert 0 <= metrics[name]["rebalanced_auc"] < 1
    for name in ("grey", "training mean colour", "main", "plain"):
        assert metrics[name]["auc"] > 0.5
    assert metrics["grey"]["chroma"] == 0
    assert metrics["truth"]["chroma"] > 1


def test_the_grey_baseline_agrees_with_a_slow_computation(finished: Path) -> None:
    rgb = load_prepared(finished / "data/prepared", "test").tensor()
    ab = rgb_to_lab(rgb)[:, 1:].double()
    distance = ab.square().sum(1).sqrt()
    thresholds = torch.linspace(0, 150, 15_001, dtype=torch.float64)
    curve = torch.stack([(distance <= t).double().mean() for t in thresholds])
    area = torch.trapezoid(curve, thresholds) / 150  # the definition: the area under the share of pixels within t
    grey = metrics_of(finished)["grey"]
    assert grey["auc"] == pytest.approx(float(area), abs=1e-4)
    weight = 1 / smooth_prior(GRID.histogram(ab.float()), GRID)[GRID.nearest(ab.float())]  # p̃ of the test split itself
    assert grey["rebalanced_auc"] == pytest.approx(float(1 - (weight * distance).sum() / weight.sum() / 150), abs=1e-5)
    shown = lab_to_rgb(torch.cat([rgb_to_lab(rgb)[:, :1], torch.zeros_like(ab, dtype=torch.float32)], 1), as_uint8=True)
    error = (shown.double() - rgb.double()).square().mean() / 255**2
    assert grey["psnr"] == pytest.approx(float(-10 * error.log10()), abs=1e-3)
    assert metrics_of(finished)["truth"]["chroma"] == pytest.approx(float(distance.mean()), rel=1e-5)


def test_the_mean_colour_is_the_training_splits(finished: Path) -> None:
    table = read_bin_table(finished / "reports/statistics/paper.csv", GRID)
    ab = rgb_to_lab(load_prepared(finished / "data/prepared", "train").tensor())[:, 1:]
    baselines = evaluate.baselines(table, GRID)
    assert baselines["grey"] == (0, 0)
    mean = predict(baselines["training mean colour"], torch.zeros(1, 1, 2, 2))
    assert mean.shape == (1, 2, 2, 2)
    assert torch.allclose(mean[0, :, 1, 1], ab.mean((0, 2, 3)), atol=1.5)  # of bins, which are 10 apart


@pytest.mark.parametrize("name", ["main", "plain"])
def test_a_run_is_built_from_its_parameters(finished: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(finished)
    settings = load_settings()
    model, objective = train.build(settings, settings.run(name))
    assert isinstance(objective, Classification)
    assert (objective.k, objective.sigma, objective.temperature) == (3, 7.0, 0.6)
    assert model.q == len(objective.grid) == {"main": 313, "plain": 484}[name]
    if name == "plain":
        assert objective.class_weights is None
    else:
        weights = read_bin_table(finished / "reports/statistics/paper.csv", GRID).weights
        assert objective.class_weights is not None
        assert torch.allclose(objective.class_weights.double(), weights)
    saved = from_pretrained(finished / "models" / name)
    assert (saved.decoding, saved.size) == ({"temperature": 0.6}, 40)


def test_the_table_shows_the_metrics_in_percent(finished: Path) -> None:
    lines = (finished / "reports/evaluation/table.md").read_text(encoding="utf-8").splitlines()
    assert "3 photographs" in lines[0]
    (grey,) = [line for line in lines if line.startswith("| grey |")]
    assert f"{100 * metrics_of(finished)['grey']['auc']:.2f}" in grey


def test_pictures_show_input_truth_and_every_run(finished: Path) -> None:
    grid = picture(finished / "reports/evaluation/pictures.png")
    assert grid.width == 6 + (2 + len(RUNS)) * 134
    left = np.asarray(grid.crop((6, grid.height - 100, 134, grid.height - 10)), dtype=int)
    assert np.abs(left - left.mean(2, keepdims=True)).max() < 3  # the input column is grey
    assert picture(finished / "reports/evaluation/curves.png").width > 600


def test_mlflow_holds_a_run_for_each_model(finished: Path) -> None:
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{finished}/mlflow.db")
    experiment = client.get_experiment_by_name("colorlib")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == set(RUNS)
    data = sha256_of_tree(finished / "data/prepared")
    for name, run in runs.items():
        assert run.info.status == "FINISHED"
        assert run.data.params["run.objective"] == ("regression" if name == "regression" else "classification")
        assert run.data.params["encoding.sigma"] == "7.0"
        assert run.data.tags["colorlib.data_sha256"] == data
        assert run.data.tags["colorlib.params_sha256"] == sha256_of(finished / "params.yaml")
        assert run.data.tags["colorlib.weights_sha256"] == sha256_of(finished / f"models/{name}/model.safetensors")
        assert run.data.tags["mlflow.source.git.commit"]
        assert [m.step for m in client.get_metric_history(run.info.run_id, "val_auc")] == list(range(EPOCHS))
        assert run.data.metrics["test_auc"] == metrics_of(finished)[name]["auc"]
        pictures = {item.path for item in client.list_artifacts(run.info.run_id, "pictures")}
        assert pictures == {f"pictures/{name}.png", "pictures/pictures.png"}


def test_the_same_parameters_give_the_same_bytes_also_after_an_interruption(
    project: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.main()
    statistics.main()

    def interrupt(_reporter: reporter.Reporter, step: Step) -> None:
        if step.number == 5:  # of the third epoch
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reporter.Reporter, "_on_step", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train.main("main")
    assert list((project / "checkpoints/main").glob("step-*"))
    train.main("main")
    assert "main: goes on after step" in capsys.readouterr().out
    assert not (project / "checkpoints/main").exists()
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("colorlib").experiment_id])
    assert run.info.status == "FINISHED"
    for made in ("data/prepared", "reports/statistics", "models/main"):
        assert sha256_of_tree(project / made) == sha256_of_tree(finished / made), made
    assert sha256_of(project / "reports/training/main.csv") == sha256_of(finished / "reports/training/main.csv")


def test_the_pipeline_is_the_same_on_shards(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    settings["prepare"]["shards"] = {"per_shard": 4}
    settings["train"] |= {"epochs": 1}
    settings["runs"] = {"main": settings["runs"]["main"]}
    (project / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    prepare.main()
    assert "train: 6 images (0 grey) in 2 shards\n" in capsys.readouterr().out
    statistics.main()
    table = read_bin_table(project / "reports/statistics/paper.csv", GRID)
    assert int(table.counts.sum()) == 6 * 40 * 40
    train.main("main")
    evaluate.main()
    assert 0 < metrics_of(project)["main"]["auc"] < 1
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("colorlib").experiment_id])
    assert run.data.tags["colorlib.data_sha256"] == prepared_sha256(project / "data/prepared")
    assert run.data.params["prepare.shards.quality"] == "95"


def test_a_large_folder_needs_no_manifest(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data/starter/manifest.csv").unlink()
    for number in (0, 1, 241, 488):  # by the hashes of their names, 241 is for validation and 488 for the test
        Image.new("RGB", (9, 9), "red").save(project / f"data/starter/{number}.png")
    settings = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    settings["prepare"]["shards"] = {"originals": True}
    (project / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (project / "data/starter/torn.jpg").touch()
    prepare.main()
    found = {line.split(":")[0]: line for line in capsys.readouterr().out.splitlines() if " images (" in line}
    assert list(found) == ["train", "val", "test"]
    assert sum(int(line.split()[1]) for line in found.values()) == 16
    assert sum(", 1 damaged: data/prepared/" in line for line in found.values()) == 1


def test_a_stage_before_its_turn_says_which_one_is_missing(project: Path) -> None:
    with pytest.raises(ColorlibError, match="run the prepare stage first"):
        statistics.main()
    prepare.main()
    with pytest.raises(ColorlibError, match=r"reports/statistics/paper\.csv"):
        train.main("main")
    with pytest.raises(ColorlibError, match="no run 'other'"):
        train.main("other")
    assert not (project / "models").exists()


def test_evaluation_without_the_mlflow_run_goes_on(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    before = metrics_of(finished)
    monkeypatch.chdir(finished)
    evaluate.main()
    assert metrics_of(finished) == before
    assert "MLflow has no run for these weights" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_the_summary_says_where_everything_lies(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    summary.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "metrics", "pictures", "MLflow", "audit", "next"]
    for place in ("models/main/", "reports/evaluation/table.md", "http://127.0.0.1:5000", "reports/audit/report.md"):
        assert any(place in line for line in lines)


def test_the_paper_s_network_is_one_parameter_away(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished)
    settings = load_settings()
    settings = settings.model_copy(update={"train": settings.train.model_copy(update={"model": "papernet"})})
    model, objective = train.build(settings, settings.run("main"))
    assert isinstance(model, PaperNet)
    assert isinstance(objective, Classification)
    assert objective.class_weights is not None
    assert model.q == len(objective.grid) == 313
