"""`python -m audit mutants`: break the code on purpose, and see who notices."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.commands import options
from audit.commands.console import finish, progress, ready
from audit.errors import AuditError
from audit.model import Report
from audit.mutation import campaign, evidence
from audit.plans import Plan


def mutants(
    only: Annotated[
        list[str] | None, typer.Option(help="Try this mutant alone; repeatable. Leaves no evidence.")
    ] = None,
    output: options.Output = None,
    report_only: Annotated[bool, typer.Option("--report-only", help="Exit with 0 whatever the verdict.")] = False,
) -> None:
    """Break copies of the code as the lists in [tool.audit.mutants] say; the check that is responsible must notice.

    The working tree is not touched. A trial of all mutants leaves its evidence where `python -m audit` reads it.
    """
    name, settings = config.load(Path())
    if settings.mutants is None:
        raise AuditError("tool.audit.mutants names no list of mutants: give it files and copies")
    ready(output)
    run = partial(campaign.run, Path().resolve(), settings.mutants, tuple(only or ()), progress)
    trial = engine.run(Path(), Report(name, "mutants", ()), [Plan(evidence.ID, evidence.TITLE, run)], progress)
    finish(trial, output, report_only=report_only)
