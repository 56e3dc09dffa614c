"""`python -m audit`: the project in this directory."""

from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.commands.console import finish, progress

Select = Annotated[list[str] | None, typer.Option(help="Only this check or family; repeatable.")]


def project(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for report.md, report.json and run.json.")] = Path(
        "reports/audit"
    ),
    require: Annotated[list[str] | None, typer.Option(help="This check must have a result; repeatable.")] = None,
    select: Select = None,
    report_only: Annotated[bool, typer.Option("--report-only", help="Exit with 0 whatever the verdict.")] = False,
) -> None:
    """Audit the project in this directory as its [tool.audit] says.

    Exit codes: 0 pass, 1 the gate failed, 2 usage, 3 nothing audited, 4 the audit itself failed.
    """
    if context.invoked_subcommand is None:
        name, settings = config.load(Path())
        finish(engine.audit_project(Path(), name, settings, select or (), require or (), progress), output, report_only)
