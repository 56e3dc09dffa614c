"""The stage `audit` of this project's pipeline: what it reads and does not depend on could change unseen."""

from pathlib import Path

import yaml

from audit import config
from audit.claims import ledger
from audit.claims.check import chosen
from audit.target import open_target

ROOT = Path(__file__).parents[2]
# What the experiment makes: as a dependency it would be made first, for hours.
EXPERIMENT = {"experiments/cifar10/results.json", "reports/reproduction.md"}
REFUSED = {"dvc.lock", "dvc.yaml", "experiments/cifar10/dvc.yaml"}  # by DVC: its own files are no dependencies


def test_it_depends_on_every_file_that_it_reads():
    _, settings = config.load(ROOT)
    entries = ledger.load(ROOT / settings.claims.ledger).values()
    read = {*open_target(ROOT, settings.include, settings.exclude).files, *chosen(ROOT, settings.claims)}
    read |= {entry.evidence for entry in entries} | {entry.document for entry in entries}
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["audit"]
    deps = [Path(dep) for dep in stage["deps"]]
    unseen = {path for path in read if not any(Path(path).is_relative_to(dep) for dep in deps)}
    assert unseen <= EXPERIMENT | REFUSED | {""}


def test_the_results_of_the_experiment_are_pinned_and_its_report_is_bound_to_them():
    entries = ledger.load(ROOT / "claims.toml").values()
    (pin,) = [entry for entry in entries if entry.sha256]
    assert {pin.evidence, pin.document} == EXPERIMENT
    assert pin.renderer
