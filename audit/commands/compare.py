"""`python -m audit compare RUN_A RUN_B`: what differs between MLflow runs, and whether the candidate may pass."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from audit.commands.console import err, finish, progress, writable
from audit.comparison import gates, page, runs
from audit.engine import run
from audit.errors import AuditError
from audit.model import Report
from audit.plans import Plan
from audit.reports import files
from audit.reports.wording import safe

DATABASE = "sqlite:///mlflow.db"


def compare(
    run_a: Annotated[str, typer.Argument(help="The reference: a run's id or name; a set over seeds with commas.")],
    run_b: Annotated[str, typer.Argument(help="The candidate, likewise. Gates are about it.")],
    tracking_uri: Annotated[
        str | None, typer.Option(help=f"Where MLflow keeps the runs (default: MLFLOW_TRACKING_URI, else {DATABASE}).")
    ] = None,
    gate: Annotated[
        list[str] | None, typer.Option(help="What the candidate must reach: 'metric>=value'; repeatable.")
    ] = None,
    no_worse_than: Annotated[
        Path | None, typer.Option(help="JSON: metric, value, which way is better, tolerance.", dir_okay=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the page, its pictures and comparison.json.", file_okay=False)
    ] = None,
) -> None:
    """Compare two runs, or two sets of runs over seeds: parameters, metrics with their spread, pictures."""
    asked = [(item, "--gate") for item in map(gates.parsed, gate or ())]
    if no_worse_than is not None:
        asked += [(item, f"baseline {no_worse_than}") for item in gates.from_baseline(no_worse_than)]
    if output is not None:
        writable(output / "comparison.md", output / "comparison.json")
    store = runs.Tracking(tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", DATABASE))
    made = page.Comparison(runs.chosen(store, run_a), runs.chosen(store, run_b))
    print(safe(page.markdown(made)))
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
            pictures = page.copies(store, made, output)
            files.write(output / "comparison.md", safe(page.markdown(made, pictures)))
            files.write(output / "comparison.json", page.document(made))
        except OSError as error:
            raise AuditError(f"{error.filename or output} cannot be written: {error.strerror}") from error
        err.print(f"Comparison: {output / 'comparison.md'}", markup=False)
    if asked:
        plans = [
            Plan(f"compare.{item.metric}", f"{item.metric} {item.sign} {item.bound:g}",
                 partial(gates.check, item, made.b, source))
            for item, source in asked
        ]  # fmt: skip
        finish(run(Path(), Report(page.called(made.b), "comparison", ()), plans, progress), None)
