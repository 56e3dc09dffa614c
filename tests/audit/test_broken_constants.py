"""Break constants in a copy of the library: the command names each, as measured, beside the paper's value.

`python -m audit mutants` breaks far more, and without starting Python each time.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# What is changed: file, text, replacement. What the output must say: parameter, measured value, the paper's value.
SIGMA = (
    ("colorlib/params.py", "ENCODING_SIGMA = Parameter(5.0,", "ENCODING_SIGMA = Parameter(6.0,"),
    (r"soft encoding: Gaussian width \(σ\) measured 6\b(?!\.)", "paper 5"),
)
TEMPERATURE = (
    ("colorlib/params.py", "TEMPERATURE = Parameter(0.38,", "TEMPERATURE = Parameter(1.0,"),
    (r"annealed mean: temperature \(T\) measured 1\b(?!\.)", "paper 0.38"),
)
MEAN = (
    ("colorlib/ops/rebalancing.py", "return weights / (p * weights).sum()", "return weights / weights.mean()"),
    (r"mean weight under the prior \(Σ p w\) measured 0\.[0-4]", "paper 1"),
)
GRID = (
    (
        "colorlib/ops/grid.py",
        "candidates[gamut.squares_meeting(hull, candidates, STEP)]",
        "_lattice(LOWEST, HIGHEST) + 0 * len(hull)",
    ),
    (r"number of bins \(Q\) measured 484\b", "paper 313"),
)
BREAKS = (SIGMA, TEMPERATURE, MEAN, GRID)  # they share a copy: starting Python and compiling is what takes the time


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """(exit code, output) of `python -m audit paper` in a copy."""
    copy = tmp_path_factory.mktemp("copy")
    for package in ("audit", "colorlib"):
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "params.yaml"):
        shutil.copy(PROJECT / file, copy)
    for (path, text, replacement), _ in BREAKS:
        source = (copy / path).read_text(encoding="utf-8")
        assert source.count(text) == 1, f"{path} no longer holds exactly once: {text}"
        (copy / path).write_text(source.replace(text, replacement), encoding="utf-8")
    # The copies are not the sources whose coverage is measured.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", "audit", "paper"], cwd=copy, env=environment, capture_output=True, text=True,
        encoding="utf-8", timeout=180, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_each_broken_constant_fails_by_name_and_value(outcome):
    status, output = outcome
    assert status == 1, output
    for _, (measured, paper) in BREAKS:
        line = next((line for line in output.splitlines() if "✗ fail" in line and re.search(measured, line)), None)
        assert line, f"{measured}\n{output}"
        assert paper in line
