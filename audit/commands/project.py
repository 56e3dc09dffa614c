"""`python -m audit`: the project in this directory."""

from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.commands import options
from audit.commands.console import finish, progress, ready, step
from audit.store import of_user


def project(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help=f"{options.WRITTEN}.")] = Path("reports/audit"),
    form: options.Form = None,
    require: Annotated[list[str] | None, typer.Option(help="This check must have a result; repeatable.")] = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    severity: options.Least = None,
    fail_on: options.FailOn = None,
    fail_under: options.FailUnder = None,
    baseline: options.Baseline = None,
    write_baseline: options.WriteBaseline = None,
    no_cache: options.NoCache = False,
    report_only: Annotated[bool, typer.Option("--report-only", help="Exit with 0 whatever the verdict.")] = False,
) -> None:
    """Audit the project in this directory as its [tool.audit] says.

    Exit codes: 0 pass, 1 the gate failed, 2 usage, 3 nothing audited, 4 the audit itself failed.
    """
    if context.invoked_subcommand is not None:
        return
    name, settings = config.load(Path())
    settings = options.overridden(
        settings, select=options.several(select), ignore=options.several(ignore), severity=severity, fail_on=fail_on,
        fail_under=fail_under, baseline=baseline,
    )  # fmt: skip
    ready(output, form, write_baseline)
    settings = options.without_baseline_of(settings, write_baseline, Path())
    audit = engine.audit_project(
        Path(), name, settings, require=options.several(require) or (), progress=progress,
        store=None if no_cache else of_user(), step=step,
    )  # fmt: skip
    finish(audit, output, form=form, settings=settings, write_baseline=write_baseline, report_only=report_only)
