"""A project small enough to run whole in a test: twelve real photographs, a few short epochs."""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
STARTER = ROOT / "data/starter"
EACH = {"train": 6, "val": 3, "test": 3}
RUNS = {
    "main": {"objective": "classification", "grid": "paper", "rebalancing": True},
    "plain": {"objective": "classification", "grid": "full", "rebalancing": False},
    "regression": {"objective": "regression"},
}
SHORT = ("main", "regression")  # of them, where all stages run under DVC


def write_project(folder: Path, runs: Sequence[str] = tuple(RUNS), epochs: int = 8) -> None:
    """A folder with a cut-down starter set and parameters to match, for some of the runs."""
    source = folder / "data/starter"
    source.mkdir(parents=True)
    with (STARTER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for split, count in EACH.items() for row in [r for r in rows if r["split"] == split][:count]]
    for row in chosen:
        shutil.copy(STARTER / row["file"], source / row["file"])
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    (source / "manifest.csv").write_text(text.getvalue(), encoding="utf-8")
    settings = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    settings["prepare"]["size"] = 40
    settings["train"] |= {"epochs": epochs, "batch_size": 3, "crop": 32, "precision": "fp32"}
    settings["encoding"] = {"k": 3, "sigma": 7.0}  # nothing at its default, so that a dropped value is seen
    settings["rebalancing"] = {"lam": 0.3, "sigma": 8.0}
    settings["decoding"] = {"temperature": 0.6}
    settings |= {"runs": {name: RUNS[name] for name in runs}, "main": "main", "evaluate": {"pictures": 2}}
    (folder / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment in `folder`; a traceback is a failure whatever the exit code."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "COLUMNS": "160",
    }
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done
