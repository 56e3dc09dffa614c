"""Suite `audit`: `python -m audit check` on a made tree of 1,300 files, beside other tools run one after another."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import tree
from benchmarks.harness import Limit, Mark, Row
from benchmarks.watching import watched

FILES = 1300
LEAST_FILES = 100
MOST_ROUNDS = 5
COLD, WARM, MEMORY = 20, 3, 1024  # seconds, seconds, MiB
PEERS = "ruff, flake8, detect-secrets one after another"


def run(rounds: int = MOST_ROUNDS, shrink: int = 1) -> list[Row]:
    """Measure the row; `shrink` divides the number of files."""
    files = max(LEAST_FILES, FILES // shrink)
    times: dict[str, list[float]] = {"ours": [], "ours, warm": [], PEERS: []}
    peaks = []
    for _ in range(min(rounds, MOST_ROUNDS)):
        with tempfile.TemporaryDirectory() as folder:
            root = tree.make(Path(folder) / "tree", files)
            cache = str(Path(folder) / "cache")
            seconds, mebibytes = ours(root, cache)
            times["ours"].append(seconds)
            peaks.append(mebibytes)
            times["ours, warm"].append(ours(root, cache)[0])
            times[PEERS].append(peers(root))
    medians = {name: 1e3 * sorted(values)[len(values) // 2] for name, values in times.items()}
    limits = [
        Limit("time, nothing known", medians["ours"] / 1e3, COLD, "s"),
        Limit("time, nothing changed since", medians["ours, warm"] / 1e3, WARM, "s"),
        Limit("peak memory of all processes together", max(peaks), MEMORY, "MiB"),
    ]
    facts = {"processors": str(len(os.sched_getaffinity(0))), "files": str(files)}
    return [Row(f"check of {files} files", medians, [Mark(PEERS, 1)], facts, limits)]


def notes() -> list[str]:
    """What is compared."""
    return [
        "the other tools find unused imports, style and credentials; 12 of the 15 families have no counterpart in them",
        "warm: the same command again, with what the first run left in an empty cache folder",
    ]


def ours(root: Path, cache: str) -> tuple[float, float]:
    """(seconds, peak MiB over the processes together) of one run of the command."""
    spent = watched([sys.executable, "-m", "audit", "check", str(root)], {**os.environ, "XDG_CACHE_HOME": cache})
    return spent.seconds, spent.mebibytes


def peers(root: Path) -> float:
    """Seconds that the other tools take on the tree, each in a process of its own."""
    begin = time.perf_counter()
    for arguments in (
        ["ruff", "check", "--isolated", "--no-cache", "."],
        ["flake8", "--isolated", "--jobs", "auto", "."],
        ["detect_secrets", "scan", "--all-files", "--no-verify", "."],
    ):
        done = subprocess.run([sys.executable, "-m", *arguments], cwd=root, capture_output=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"`python -m {' '.join(arguments)}` ended with {done.returncode}: run it by hand")
    return time.perf_counter() - begin
