import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from colorlib.errors import ColorlibError
from colorlib.pipeline.settings import load_settings

ROOT = Path(__file__).parents[3]


def load(folder: Path, changes: dict[str, Any]) -> None:
    """The project's own params.yaml with some dotted keys changed (None deletes), loaded."""
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        inner = content
        for parent in parents:
            inner = inner.setdefault(parent, {})
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    (folder / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    load_settings(folder / "params.yaml")


def test_the_projects_own_file_is_right_and_its_main_run_is_the_papers() -> None:
    settings = load_settings(ROOT / "params.yaml")
    main = settings.run(settings.main)
    assert (main.objective, main.grid, main.rebalancing) == ("classification", "paper", True)
    assert {run.grid for run in settings.runs.values()} == {"paper", "full"}
    assert any(run.objective == "regression" for run in settings.runs.values())
    assert any(not run.rebalancing for run in settings.runs.values() if run.objective == "classification")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train.epoch": 3}, r"params\.yaml: train\.epoch: unknown key"),
        ({"trian.epochs": 3}, r"params\.yaml: trian: unknown key"),
        ({"train.optimiser.beta3": 0.1}, r"train\.optimiser\.beta3: unknown key"),
        ({"train.epochs": "many"}, r"train\.epochs: input should be a valid integer, got 'many'"),
        ({"train.epochs": 2.5}, r"train\.epochs: .*got 2\.5"),
        ({"train.optimiser.learning_rate": "1e-3"}, r"learning_rate: input should be a valid number, got '1e-3'"),
        ({"encoding.sigma": 0}, r"encoding\.sigma: input should be greater than or equal to 0\.001, got 0"),
        ({"encoding.sigma": 0.0001}, r"encoding\.sigma: .*0\.001, got 0\.0001"),
        ({"encoding.sigma": 1e200}, r"encoding\.sigma: .*less than or equal to 1000000, got 1e\+200"),
        ({"rebalancing.sigma": 0.0001}, r"rebalancing\.sigma: .*0\.001, got 0\.0001"),
        ({"rebalancing.sigma": 1e200}, r"rebalancing\.sigma: .*1000000, got 1e\+200"),
        ({"decoding.temperature": 1e-9}, r"decoding\.temperature: .*0\.000001, got 1e-09"),
        ({"encoding.k": 485}, r"encoding\.k: .*less than or equal to 484, got 485"),
        ({"encoding.k": 400}, r"encoding\.k \(400\) is larger than the 313 bins of runs\.class-313-"),
        ({"encoding.sigma": math.inf}, r"encoding\.sigma: input should be a finite number, got inf"),
        ({"train.optimiser.learning_rate": math.inf}, r"learning_rate: input should be a finite number, got inf"),
        ({"train.optimiser.weight_decay": math.nan}, r"weight_decay: input should be a finite number, got nan"),
        ({"rebalancing.lam": 1.5}, r"rebalancing\.lam: .*less than or equal to 1"),
        ({"decoding.temperature": -1.0}, r"decoding\.temperature: .*greater than or equal to 0\.000001"),
        ({"train.model": "resnet"}, r"train\.model: .*'mobilelite' or 'papernet', got 'resnet'"),
        ({"runs.regression.objective": "gan"}, r"runs\.regression\.objective: .*got 'gan'"),
        ({"runs.regression.grid": "paper"}, r"runs\.regression: regression has no bins: leave out grid"),
        ({"runs.Wrong Name": {}}, r"runs\.Wrong Name.*: string should match pattern"),
        ({"main": "nothing"}, "main is 'nothing', which is none of the runs: class-"),
        ({"train.crop": 200}, r"train\.crop \(200\) is larger than prepare\.size"),
        ({"runs": None}, r"runs: Field required"),
        ({"runs": {}}, r"runs: .*at least 1"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_keys_path(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorlibError, match=message) as caught:
        load(tmp_path, changes)
    assert str(caught.value).count("\n") == 0


def test_more_neighbours_than_the_papers_bins_are_allowed_where_no_run_has_them(tmp_path: Path) -> None:
    runs = {"full": {"grid": "full"}, "regression": {"objective": "regression"}}
    load(tmp_path, {"encoding.k": 400, "runs": runs, "main": "full"})
    assert load_settings(tmp_path / "params.yaml").encoding.k == 400


def test_half_precision_is_refused_where_it_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ColorlibError, match=r"params\.yaml: train\.precision: precision fp16 is for CUDA"):
        load(tmp_path, {"train.precision": "fp16"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    load(tmp_path, {"train.precision": "fp16"})


@pytest.mark.parametrize(
    ("text", "remedy"),
    [("3e-5", "3.0e-5"), ("1E3", "1.0e+3"), ("2.5e3", "2.5e+3"), ("'0.5'", "0.5"), ("+1e-3", "+1.0e-3")],
)
def test_a_number_that_yaml_reads_as_text_comes_with_its_right_spelling(tmp_path: Path, text: str, remedy: str) -> None:
    content = "main: a\nruns: {a: {}}\ntrain:\n  optimiser:\n    learning_rate: "
    (tmp_path / "params.yaml").write_text(content + text)
    with pytest.raises(ColorlibError, match=rf"learning_rate: .*, got '.*': write {re.escape(remedy)}$"):
        load_settings(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text(content + remedy)
    settings = load_settings(tmp_path / "params.yaml")
    assert settings.train.optimiser.learning_rate == float(text.strip("'"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("main: a\nruns: {a: {}}\nmain: b\n", "the key 'main' stands twice, in lines 1 and 3; remove one"),
        ("main: a\nruns:\n  a:\n    grid: full\n    'grid': paper\n", "the key 'grid' stands twice, in lines 4 and 5"),
        ("main: a\nruns: {a: {grid: full, grid: paper}}\n", "the key 'grid' stands twice, in lines 2 and 2"),
    ],
)
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(ColorlibError, match=message):
        load_settings(tmp_path / "params.yaml")


def test_the_same_key_in_two_mappings_is_fine(tmp_path: Path) -> None:
    content = "main: a\nruns:\n  a: &a {grid: full, rebalancing: false}\n  b:\n    <<: *a\n    grid: paper\n"
    (tmp_path / "params.yaml").write_text(content)
    runs = load_settings(tmp_path / "params.yaml").runs
    assert (runs["b"].grid, runs["b"].rebalancing) == ("paper", False)


def test_every_mistake_is_listed(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError) as caught:
        load(tmp_path, {"train.epoch": 3, "encoding.sigma": -1.0})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"- a\n- b\n", "holds list"), (b"", "holds NoneType"), (b"a: [", "cannot be read"), (b"\xff", "cannot be read")],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(ColorlibError, match=message):
        load_settings(tmp_path / "params.yaml")


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match=r"there is no .*params\.yaml"):
        load_settings(tmp_path / "params.yaml")


def test_an_unknown_run_is_said_with_those_there_are() -> None:
    with pytest.raises(ColorlibError, match="no run 'x'; its runs are class-313-rebalanced, "):
        load_settings(ROOT / "params.yaml").run("x")
