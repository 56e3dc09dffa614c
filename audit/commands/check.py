"""`python -m audit check PATH`: a tree that nobody prepared."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from audit import engine
from audit.commands.console import finish, progress
from audit.commands.project import Select
from audit.reports import files, json_report, markdown


class Format(StrEnum):
    """Renderings of `check`."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def check(
    path: Annotated[Path, typer.Argument(help="A folder with any code in it.", exists=True, file_okay=False)],
    select: Select = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TERMINAL,
    output: Annotated[Path | None, typer.Option(help="Folder for the reports; none is written without it.")] = None,
) -> None:
    """Look at a tree that nobody prepared. Nothing of it is imported or run, and no file is left in it."""
    audit = engine.audit_tree(path, select or (), progress)
    if form is Format.TERMINAL:
        finish(audit, output)
    print(markdown.render(audit.report) if form is Format.MARKDOWN else json_report.render(audit.report), end="")
    if output is not None:
        files.write_all(output, audit.report, audit.facts)
    raise typer.Exit(engine.exit_code(audit.report))
