"""`python -m audit claims`: numbers in documents against their evidence."""

import shlex
import subprocess
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from audit import config, engine
from audit.claims import check, ledger
from audit.claims import draft as drafting
from audit.commands.console import err, finish, progress
from audit.errors import AuditError
from audit.model import Report
from audit.plans import Plan


def claims(
    documents: Annotated[
        list[Path] | None, typer.Argument(help="Documents; without any those of [tool.audit.claims].")
    ] = None,
    book: Annotated[
        Path | None, typer.Option("--ledger", help="In place of the ledger of [tool.audit.claims].", dir_okay=False)
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Propose a ledger from tables and ticked lists.")] = False,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="First run each command of the ledger: it is the project's own code.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Folder for the reports; none is written without it.")] = None,
) -> None:
    """Hold numbers in documents against evidence: holds, drifted, refuted, or no evidence."""
    paths = [path.as_posix() for path in documents or ()]
    if draft:
        if not paths:
            raise AuditError("a draft needs a document: `python -m audit claims REPORT.md --draft`")
        for path in paths:
            print(drafting.render(path, drafting.proposals(check.text(Path(), path))), end="")
        return
    name, settings = claim_settings(paths, book)
    if recompute:
        run_commands(ledger.load(Path(settings.ledger)))
    plans = [Plan(check.ID, check.TITLES[check.ID], partial(check.check, Path(), settings, tuple(paths)))]
    if settings.made and not paths:
        plans.append(Plan(check.MADE, check.TITLES[check.MADE], partial(check.made_check, Path(), settings)))
    finish(engine.run(Path(), Report(name, "claims", ()), plans, progress), output)


def claim_settings(paths: list[str], book: Path | None) -> tuple[str, config.Claims]:
    """(name, settings): documents and ledger given by hand need no project.

    Raises:
        AuditError: nothing names a document.
    """
    if paths and book:
        return paths[0], config.Claims(documents=tuple(paths), ledger=str(book))
    name, settings = config.load(Path())
    if settings.claims is None and not paths:
        raise AuditError("tool.audit.claims names no document: name one there, or on the command line")
    known = settings.claims or config.Claims(documents=tuple(paths))
    return name, known.model_copy(update={"ledger": str(book)}) if book else known


def run_commands(entries: dict[str, ledger.Entry]) -> None:
    """Run each command of the ledger once, in its order, without a shell.

    Raises:
        AuditError: one cannot be run, or fails.
    """
    for command in dict.fromkeys(entry.command for entry in entries.values() if entry.command):
        err.print(f"· {command} …", style="dim", markup=False)
        try:
            status = subprocess.run(shlex.split(command), check=False).returncode
        except (OSError, ValueError) as error:
            raise AuditError(f"the ledger's command {command!r} cannot be run: {error}") from error
        if status:
            raise AuditError(f"the ledger's command {command!r} ended with {status}: nothing was compared")
