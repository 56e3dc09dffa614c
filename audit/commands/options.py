"""Options that the commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from audit.config import Config
from audit.model import Severity
from audit.reports import files
from audit.reports.formats import Format

Select = Annotated[
    list[str] | None, typer.Option(help="Only this check, family or rule; repeatable, or several with commas.")
]
Ignore = Annotated[list[str] | None, typer.Option(help="Without this check, family or rule; as --select.")]
Least = Annotated[
    Severity | None,
    typer.Option("--severity", help="Leave out findings that are less grave; they fail only by --fail-on."),
]
FailOn = Annotated[Severity | None, typer.Option(help="Fail on findings that are at least as grave. Default: minor.")]
FailUnder = Annotated[float | None, typer.Option(min=0, max=100, help="Fail when the score is lower.")]
Baseline = Annotated[
    Path | None,
    typer.Option(help="Findings in this file are known and do not fail; entries without a finding do.", dir_okay=False),
]
WriteBaseline = Annotated[
    Path | None, typer.Option(help="Write the findings of this run as a baseline to this file.", dir_okay=False)
]
Form = Annotated[
    Format | None, typer.Option("--format", help="How to print the result, or to write it to the file --output.")
]

WRITTEN = f"Folder for {', '.join(files.ALL)}; or a file for one of the reports"
Output = Annotated[Path | None, typer.Option(help=f"{WRITTEN}. Nothing is written without it.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep what is known of unchanged files.")]


def several(values: list[str] | None) -> tuple[str, ...] | None:
    """The names of a repeatable option, each value one name or several with commas; None when it was not given."""
    if not values:
        return None
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def overridden(settings: Config, **options: Any) -> Config:
    """The configuration with what the command line says in its place."""
    if options.get("baseline") is not None:
        options["baseline"] = str(options["baseline"].resolve())  # relative to the caller, not to the audited tree
    return settings.with_options(**options)


def without_baseline_of(settings: Config, target: Path | None, root: Path) -> Config:
    """The baseline that is about to be written for the first time is not read before."""
    if target is None or settings.baseline is None or (root / settings.baseline).is_file():
        return settings
    same = (root / settings.baseline).resolve() == target.resolve()
    return settings.model_copy(update={"baseline": None}) if same else settings
