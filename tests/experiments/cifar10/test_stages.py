"""The whole experiment on a few images of noise, stage by stage, as DVC runs it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from colorlib.data.manifest import Split
from colorlib.data.prepared import Prepared
from colorlib.ops.grid import Grid
from colorlib.priors import read_bin_table
from experiments.cifar10 import evaluate, report, search, select, statistics, train
from experiments.cifar10.settings import CHECKPOINTS, HERE, REPORT, RESULTS, RUNS, SEARCH, SELECTION, load_experiment

PARAMETERS = """
validation: 2
seeds: [0, 1]
train: {epochs: 1, batch_size: 4, crop: 32, precision: fp32, schedule: {kind: cosine, warmup: 0.1}}
search: {epochs: 1, seed: 100, candidates: [0.001]}
learning_rates: {regression: 0.001, plain: 0.001, rebalanced: 0.001}
runs:
  regression: {objective: regression}
  class-313-plain: {objective: classification, grid: paper, rebalancing: false}
  class-313-rebalanced: {objective: classification, grid: paper, rebalancing: true}
  class-484-plain: {objective: classification, grid: full, rebalancing: false}
  class-484-rebalanced: {objective: classification, grid: full, rebalancing: true}
"""


def noise(_package: Path, split: Split, validation: int = 0) -> Prepared:
    """12 training images, the last of them for validation; 6 test images, one grey and one known from training."""
    images = np.random.default_rng(0).integers(0, 256, (18, 8, 8, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    images[12] = 128
    images[13] = images[3]
    cut = 12 - validation
    rows = {"train": range(cut), "val": range(cut, 12), "test": range(12, 18)}[split]
    return Prepared(images[rows.start : rows.stop], tuple(f"{row}.png" for row in rows))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    HERE.mkdir(parents=True)
    (HERE / "params.yaml").write_text(PARAMETERS, encoding="utf-8")
    for module in (evaluate, search, select, statistics, train):
        monkeypatch.setattr(module, "read_cifar10", noise)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_from_statistics_to_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = load_experiment()
    statistics.main()
    assert int(read_bin_table(HERE / "statistics/paper.csv", Grid.paper()).counts.sum()) == 10 * 1024
    select.main()
    assert SELECTION.read_text().splitlines()[1:] == ["12.png,grey,,", "13.png,near-copy,3.png,1.0000"]
    search.main()
    assert set(json.loads(SEARCH.read_text())) == {"regression", "plain", "rebalanced"}
    for name in experiment.runs:
        train.main(name, 0)
    train.main("regression", 1)
    evaluate.main()
    results = json.loads(RESULTS.read_text())
    assert results["images"] == 4
    assert results["left_out"] == {"grey": 1, "near-copy": 1}
    assert len(results["runs"]) == 6
    assert results["missing"] == [f"{name}-1" for name in experiment.runs if name != "regression"]
    assert results["runs"]["regression-0"]["test"] != results["runs"]["regression-1"]["test"]
    measured: list[object] = []
    monkeypatch.setattr(evaluate, "measure", lambda *_: measured.append(None) or results["baselines"]["grey"])
    shutil.rmtree(RUNS / "regression-1")
    train.main("class-313-plain", 1)
    evaluate.main()
    assert len(measured) == 1  # the new run alone
    assert json.loads(RESULTS.read_text())["runs"]["regression-0"] == results["runs"]["regression-0"]
    SELECTION.write_text(SELECTION.read_text().replace("near-copy", "copy"))
    evaluate.main()
    assert len(measured) == 1 + 6 + 2  # other images: all runs and both baselines
    report.main()
    assert "Not run: regression-1, class-313-rebalanced-1" in REPORT.read_text()


def test_a_finished_run_is_not_done_again_and_a_killed_one_goes_on_from_its_checkpoint(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (HERE / "params.yaml").write_text(PARAMETERS.replace("precision:", "saving: {steps: 1}, precision:"))
    target, checkpoints = RUNS / "regression-0", CHECKPOINTS / "regression-0"
    train.main("regression", 0)
    assert not checkpoints.exists()
    before = (target / train.WEIGHTS).stat().st_mtime_ns
    train.main("regression", 0)
    assert "nothing to do" in capsys.readouterr().out
    assert (target / train.WEIGHTS).stat().st_mtime_ns == before
    target.rename(project / "kept")  # DVC removes what a stage makes before the stage runs again
    steps: list[None] = []

    def dies(_spent: train.Spent) -> None:
        steps.append(None)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train.Spent, "note", dies)
        with pytest.raises(KeyboardInterrupt):
            train.main("regression", 0)
    (checkpoints / train.SPENT).write_text("[2000.0, 1000.0]")
    train.main("regression", 0)
    assert f"regression, seed 0: goes on after step 1, from {checkpoints}/step-00000001" in capsys.readouterr().out
    assert (target / train.WEIGHTS).read_bytes() == (project / "kept" / train.WEIGHTS).read_bytes()
    assert not checkpoints.exists()
    facts = json.loads((target / train.FACTS).read_text())
    assert 2000 < facts["seconds"] < 2100
    assert 1000 < facts["processor_seconds"] < 1100
