"""`python -m audit check PATH`: a tree that nobody prepared."""

from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.commands import options
from audit.commands.console import finish, progress, ready, step
from audit.store import of_user


def check(
    path: Annotated[Path, typer.Argument(help="A folder with any code in it.", exists=True, file_okay=False)],
    select: options.Select = None,
    ignore: options.Ignore = None,
    severity: options.Least = None,
    fail_on: options.FailOn = None,
    fail_under: options.FailUnder = None,
    form: options.Form = None,
    output: options.Output = None,
    baseline: options.Baseline = None,
    write_baseline: options.WriteBaseline = None,
    no_cache: options.NoCache = False,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Heed neither the tree's [tool.audit] nor its comments.")
    ] = False,
) -> None:
    """Look at a tree that nobody prepared. Nothing of it is imported or run, and no file is left in it.

    A [tool.audit] in it is heeded, and named in the report.
    """
    own = None if isolated else config.load_if_there(path)
    settings = own or config.Config(comments=not isolated)
    settings = options.overridden(
        settings, select=options.several(select), ignore=options.several(ignore), severity=severity, fail_on=fail_on,
        fail_under=fail_under, baseline=baseline,
    )  # fmt: skip
    ready(output, form, write_baseline)
    settings = options.without_baseline_of(settings, write_baseline, path)
    conditions = ("the tree's own [tool.audit] is heeded",) if own else ()
    audit = engine.audit_tree(
        path, progress=progress, config=settings, conditions=conditions,
        store=None if no_cache else of_user(), step=step,
    )  # fmt: skip
    finish(audit, output, form=form, settings=settings, write_baseline=write_baseline)
