"""What needs no data: network, settings, the search for near-copies, and DVC's stages against the settings."""

from pathlib import Path

import pytest
import torch
import yaml

from colorlib.data.prepared import Prepared
from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from experiments.cifar10.evaluate import baselines, measure
from experiments.cifar10.network import SmallNet
from experiments.cifar10.search import REPRESENTATIVES
from experiments.cifar10.select import nearest_copies
from experiments.cifar10.settings import CHECKPOINTS, HERE, RUNS, kind_of, load_experiment
from experiments.cifar10.statistics import tabulate
from experiments.cifar10.train import build


def test_the_network_has_the_stride_of_the_paper() -> None:
    model = SmallNet(q=313, grid="paper").eval()
    assert model.logits(torch.rand(2, 1, 32, 32) * 100).shape == (2, 313, 8, 8)
    assert SmallNet(head="regression").eval().logits(torch.rand(1, 1, 40, 24) * 100).shape == (1, 2, 10, 6)


def test_a_prediction_depends_on_the_whole_image() -> None:
    model = SmallNet(q=313, grid="paper").eval()
    lightness = torch.rand(1, 1, 32, 32) * 100
    changed = lightness.clone()
    changed[..., -1, -1] += 50
    assert not torch.equal(model.logits(lightness)[..., 0, 0], model.logits(changed)[..., 0, 0])


def test_near_copies_and_mirrored_ones_are_found() -> None:
    generator = torch.Generator().manual_seed(0)
    originals = torch.randint(0, 256, (40, 3, 32, 32), generator=generator, dtype=torch.uint8)
    originals = torch.nn.functional.avg_pool2d(originals.float(), 5, 1, 2).mul(1.5).clamp(0, 255).to(torch.uint8)
    brighter = (originals[7].float() * 0.8 + 40).to(torch.uint8)
    other = 255 - originals[9]
    correlation, index = nearest_copies(torch.stack([brighter, originals[3].flip(-1), other]), originals)
    assert index[:2].tolist() == [7, 3]
    assert bool((correlation[:2] > 0.99).all())
    assert float(correlation[2]) < 0.9


def test_dvc_names_the_runs_and_seeds_of_the_parameters() -> None:
    experiment = load_experiment()
    matrix = yaml.safe_load((HERE / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["train"]["matrix"]
    assert matrix == {"run": list(experiment.runs), "seed": experiment.seeds}
    assert set(REPRESENTATIVES) == set(experiment.learning_rates)
    assert {kind_of(experiment.run(name)) for name in experiment.runs} == set(experiment.learning_rates)
    assert all(kind_of(experiment.run(name)) == kind for kind, name in REPRESENTATIVES.items())


def test_dvc_leaves_the_checkpoints_alone() -> None:
    stages = yaml.safe_load((HERE / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    outs = [Path(path) for stage in stages for out in stage.get("outs", []) for path in out]
    assert RUNS / "${item.run}-${item.seed}" in outs
    assert not any(CHECKPOINTS.is_relative_to(out) for out in outs)


def test_wrong_parameters_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="there is no"):
        load_experiment(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("validation: 1\nsed: [0]\n")
    with pytest.raises(ColorlibError, match="sed"):
        load_experiment(tmp_path / "params.yaml")
    with pytest.raises(ColorlibError, match="there is no run 'x'"):
        load_experiment().run("x")


def test_rebalancing_is_what_tells_the_runs_apart() -> None:
    experiment = load_experiment()
    _, plain = build(experiment.run("class-313-plain"))
    _, rebalanced = build(experiment.run("class-313-rebalanced"))
    assert plain.class_weights is None  # type: ignore[attr-defined]
    assert len(rebalanced.class_weights) == 313  # type: ignore[attr-defined]
    assert build(experiment.run("class-484-plain"))[0].channels == 484
    assert build(experiment.run("regression"))[0].channels == 2


def test_baselines_are_measured_as_networks_are() -> None:
    grid = Grid.paper()
    rgb = torch.randint(0, 256, (4, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    table = tabulate(Prepared(rgb.permute(0, 2, 3, 1).numpy(), tuple("abcd")), grid)
    assert int(table.counts.sum()) == 4 * 1024
    lab = rgb_to_lab(rgb)
    found = {name: measure(predict, lab, rgb, table, grid) for name, predict in baselines(table, grid).items()}
    error = torch.linalg.vector_norm(lab[:, 1:], dim=1).clamp_max(150).mean()
    assert found["grey"]["auc"] == pytest.approx(1 - float(error) / 150, abs=1e-6)
    assert found["grey"]["chroma"] == 0.0
    assert found["training mean colour"]["chroma"] > 0
    assert found["grey"]["rebalanced_auc"] < found["grey"]["auc"]
