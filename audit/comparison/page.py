"""The comparison as markdown, with pictures side by side, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from audit.comparison.compare import Difference, Spread, differences, parameters
from audit.comparison.runs import Run, Store
from audit.reports.markdown import table
from audit.reports.wording import plain


@dataclass(frozen=True)
class Comparison:
    """Two sets of runs; B is the candidate."""

    a: tuple[Run, ...]
    b: tuple[Run, ...]

    @property
    def metrics(self) -> list[Difference]:
        """Of every metric."""
        return differences(self.a, self.b)

    @property
    def parameters(self) -> list[tuple[str, str, str]]:
        """Those that differ."""
        return parameters(self.a, self.b)


def called(runs: Sequence[Run]) -> str:
    """A set by its names, ids and seeds."""
    return ", ".join(f"{run.name} ({run.id[:8]}{f', seed {run.seed}' if run.seed else ''})" for run in runs)


def markdown(made: Comparison, pictures: Sequence[tuple[str, str, str]] = ()) -> str:
    """The whole comparison; `pictures` are (path of the artefact, copy of A's, copy of B's), "" where it has none."""
    parts = [
        "# Comparison of runs",
        f"A: {plain(called(made.a))}  \nB: {plain(called(made.b))}",
        "## Parameters that differ",
        rows(("parameter", "A", "B"), [tuple(map(plain, row)) for row in made.parameters]) or "None.",
        "## Metrics",
        rows(("metric", "A", "B", "B − A", "the difference is"), [metric(item) for item in made.metrics]) or "None.",
        "± is the standard deviation over the runs of a set. *Larger than the spread*: no run of one side reaches into "
        "the other's values, and the means are more than two standard errors apart. It takes two runs a side.",
    ]
    if pictures:
        shown = [(plain(name), image(a), image(b)) for name, a, b in pictures]
        parts += ["## Pictures", rows(("artefact", "A", "B"), shown)]
    return "\n\n".join(parts) + "\n"


def rows(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table; "" without rows."""
    return table(heads, body) if body else ""


def metric(item: Difference) -> tuple[str, str, str, str, str]:
    """A row of the table."""
    delta = "" if item.delta is None else f"{item.delta:+.4g}"
    return plain(item.metric), shown(item.a), shown(item.b), delta, item.judgement.value


def shown(item: Spread | None) -> str:
    """Mean, spread, number of runs."""
    if item is None:
        return "—"
    if item.deviation is None:
        return f"{item.mean:.6g}"
    return f"{item.mean:.6g} ± {item.deviation:.2g} (n = {len(item.values)})"


def image(path: str) -> str:
    """A picture of a folder beside the page."""
    return f"![{plain(Path(path).name)}]({quote(path)})" if path else "—"


def document(made: Comparison) -> str:
    """The comparison as JSON."""
    content = {
        "a": [run.id for run in made.a],
        "b": [run.id for run in made.b],
        "parameters": {name: {"a": a, "b": b} for name, a, b in made.parameters},
        "metrics": {
            item.metric: {
                "a": list(item.a.values) if item.a else [],
                "b": list(item.b.values) if item.b else [],
                "difference": item.delta,
                "judgement": item.judgement.value,
            }
            for item in made.metrics
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def copies(store: Store, made: Comparison, folder: Path) -> list[tuple[str, str, str]]:
    """Copy the pictures of the first run of each side: (path of the artefact, copy of A's, copy of B's)."""
    folder = folder.resolve()  # as the store's answers are
    sides = {"a": made.a[0], "b": made.b[0]}
    found = {side: store.pictures(run) for side, run in sides.items()}
    pairs = []
    for path in sorted({*found["a"], *found["b"]}):
        placed = [
            store.fetch(run, path, folder / side).relative_to(folder).as_posix() if path in found[side] else ""
            for side, run in sides.items()
        ]
        pairs.append((path, placed[0], placed[1]))
    return pairs
