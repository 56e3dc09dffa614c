"""`dvc.yaml` against the code: a forgotten dependency would let DVC keep stale results."""

import copy
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from colorlib.pipeline import paths

ROOT = Path(__file__).parents[3]
# Words, progress bars, who does the work, how files are written: a change of theirs changes no output.
PLUMBING = {
    "colorlib.errors",
    "colorlib.files",
    "colorlib.pipeline.cluster",
    "colorlib.pipeline.paths",
    "colorlib.pipeline.progress",
    "colorlib.pipeline.stage",
    "colorlib.pipeline.workers",
}
# What they hold reaches a stage through `params:`, value by value.
SETTINGS = {"colorlib.pipeline.settings", "colorlib.training.settings"}


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    return {name: stage.get("do", stage) for name, stage in content["stages"].items()}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("colorlib", cache_dir=None)


@pytest.mark.parametrize("name", ["prepare", "statistics", "train", "evaluate"])
def test_a_stage_depends_on_every_module_it_imports(
    stages: dict[str, dict[str, Any]], graph: grimp.ImportGraph, name: str
) -> None:
    module = f"colorlib.pipeline.{name}"
    assert f"python -m {module}" in stages[name]["cmd"]
    without_settings = copy.deepcopy(graph)
    for settings in SETTINGS:  # what they import serves to refuse values, not to make outputs
        without_settings.remove_module(settings)
    needed = ({module} | without_settings.find_upstream_modules(module)) - PLUMBING
    needed = {m for m in needed if not m.startswith("colorlib.cache")}  # what is kept is what was computed
    deps = [Path(dep) for dep in stages[name]["deps"]]
    missing = {m for m in needed if not any(_file(m).is_relative_to(dep) for dep in deps)}
    assert not missing


def _file(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def test_every_dependency_exists_or_is_made_by_a_stage(stages: dict[str, dict[str, Any]]) -> None:
    made = [Path(next(iter(out)) if isinstance(out, dict) else out) for s in stages.values() for out in _outs(s)]
    for stage in stages.values():
        for dep in (Path(text.replace("${prepare.source}", "data/starter")) for text in stage["deps"]):
            assert (ROOT / dep).exists() or dep in made or any(out.is_relative_to(dep) for out in made), dep


def test_the_outputs_are_where_the_stages_write(stages: dict[str, dict[str, Any]]) -> None:
    made = {str(next(iter(out)) if isinstance(out, dict) else out) for s in stages.values() for out in _outs(s)}
    assert {str(paths.PREPARED), f"{paths.MODELS}/${{key}}", f"{paths.EVALUATION}/metrics.json"} <= made
    assert {f"{paths.STATISTICS}/paper.csv", f"{paths.AUDIT}/report.md", f"{paths.TRAINING}/${{key}}.csv"} <= made


def _outs(stage: dict[str, Any]) -> list[Any]:
    return [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
