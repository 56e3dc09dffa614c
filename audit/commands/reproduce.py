"""`python -m audit reproduce`: the pipeline twice, in clean clones."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.commands import options
from audit.commands.console import err, finish, progress, ready
from audit.errors import AuditError
from audit.model import Report
from audit.plans import already
from audit.provenance import repository_state
from audit.reproduction.twice import reproduce as run_twice
from audit.target import open_target


def reproduce(
    ref: Annotated[str, typer.Option(help="A branch, tag or hash; what is not committed has no part.")] = "HEAD",
    command: Annotated[
        str | None, typer.Option(help="In place of the command of [tool.audit.reproduce]; run by the shell.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep clones and logs in this new folder; they are removed otherwise.")
    ] = None,
    output: options.Output = None,
) -> None:
    """Run the pipeline twice in clean clones, compare every output byte for byte, name the first stage that differs."""
    name, settings = config.load(Path())
    chosen = settings.reproduce.model_copy(update={"command": command}) if command else settings.reproduce
    if keep is not None and keep.exists():
        raise AuditError(f"{keep} is there already: name a new folder")
    ready(output)
    _, tree = repository_state(open_target(Path()))
    conditions = ("uncommitted changes have no part in it",) if tree == "dirty" else ()
    with tempfile.TemporaryDirectory(prefix="audit-reproduce-", ignore_cleanup_errors=True) as folder:
        checks = run_twice(Path(), chosen, ref, keep or Path(folder) / "clones", progress)
        if keep is not None:
            err.print(f"Clones: {keep}", markup=False)
    report = Report(name, "reproduction", (), conditions=conditions)
    finish(engine.run(Path(), report, [already(check) for check in checks], engine.silent), output)
