"""The results of a suite as JSON and as a markdown table."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.harness import Row

PACKAGES = ("torch", "numba", "numpy", "scikit-image", "scikit-learn", "kornia", "opencv-python-headless")


def machine() -> dict[str, str]:
    """What was measured on: processor, threads, versions."""
    import torch

    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return {"processor": processor, "threads": str(torch.get_num_threads())} | {p: version(p) for p in PACKAGES}


def write(suite: str, rows: list[Row], notes: list[str], folder: Path) -> Path:
    """Write <folder>/<suite>.json and <suite>.md; return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    content = document(suite, rows, notes)
    (folder / f"{suite}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path = folder / f"{suite}.md"
    path.write_text(page(content), encoding="utf-8")
    return path


def document(suite: str, rows: list[Row], notes: list[str]) -> dict[str, Any]:
    """All that a suite found, as JSON has it."""
    return {
        "suite": suite,
        "machine": machine(),
        "rows": [
            asdict(row)
            | {
                "ratios": [row.ratio(mark.peer) for mark in row.marks],
                "met": [row.met(mark) for mark in row.marks],
                "limits": [asdict(limit) | {"met": limit.met} for limit in row.limits],
            }
            for row in rows
        ],
        "notes": notes,
    }


def page(content: dict[str, Any]) -> str:
    """The document as tables of speed and of limits, a line for each promise: from the JSON alone."""
    rows = content["rows"]
    lines = [
        f"# Benchmark: {content['suite']}",
        "",
        ", ".join(f"{name} {value}" for name, value in content["machine"].items())
        + ". Medians of contenders taking turns in one run.",
        "",
        "| operation | ours, ms | beside | ms | times as fast | promised | met |",
        "|---|---:|---|---:|---:|---:|---|",
    ]
    lines += [
        f"| {row['operation']} | {row['milliseconds']['ours']:.2f} | {mark['peer']} "
        f"| {row['milliseconds'][mark['peer']]:.1f} | {ratio:.1f} | {mark['factor']:g} | {_yes_or_no(met)} |"
        for row in rows
        for mark, ratio, met in zip(row["marks"], row["ratios"], row["met"], strict=True)
    ]
    lines += ["", "| operation | quantity | measured | promised, at most | met |", "|---|---|---:|---:|---|"]
    lines += [
        f"| {row['operation']} | {', '.join(filter(None, (limit['quantity'], limit['unit'])))} | {limit['value']:.3g} "
        f"| {limit['most']:g} | {_yes_or_no(limit['met'])} |"
        for row in rows
        for limit in row["limits"]
    ]
    facts = [f"- {row['operation']}: {name} {value}" for row in rows for name, value in row["facts"].items()]
    return "\n".join([*lines, "", *facts, *(f"- {note}" for note in content["notes"]), ""])


def _yes_or_no(met: bool) -> str:
    return "yes" if met else "**no**"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
