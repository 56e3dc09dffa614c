"""Predicted peaks beside the record of torch's allocator. `python -m benchmarks.predictions` writes predictions.json.

The same cases as the check `memory.prediction`, in bytes; docs/memory.md has them as a table.
"""

import json
from pathlib import Path
from typing import Any

PATH = Path("reports/benchmarks/predictions.json")


def main() -> None:
    """Rehearse and run every case, and write the file."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps({"cases": measured()}, indent=1) + "\n", encoding="utf-8")


def measured() -> list[dict[str, Any]]:
    """Bytes of each case: in the rehearsal, and in a run on the CPU, both in one thread."""
    from audit.memory import checks, subject
    from colorlib.workloads import memory
    from footprint import training_peak
    from footprint.measure import cpu_peak, one_thread

    shown = subject.read("colorlib.workloads:memory", memory())
    found = []
    for case in checks.cases(shown):
        iterations = 2 if case.trains else 1
        with one_thread():
            predicted = training_peak(case.prepare, iterations=iterations).total
            allocated = cpu_peak(case.prepare, iterations=iterations)
        found.append(
            {
                "case": case.name,
                "batch": checks.BATCH if case.trains else 1,
                "side": shown.small,
                "predicted": predicted,
                "allocator": allocated,
            }
        )
    return found


def page(content: dict[str, Any]) -> str:
    """The table, from the JSON alone."""
    lines = ["| | batch × side | predicted, B | allocator, B | difference |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {case['case']} | {case['batch']} × {case['side']}² | {case['predicted']:,} | {case['allocator']:,} "
        f"| {case['allocator'] / case['predicted'] - 1:+.2%} |"
        for case in content["cases"]
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
