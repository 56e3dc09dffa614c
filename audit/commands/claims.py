"""`python -m audit claims`: numbers in documents against their evidence."""

import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from audit import parts
from audit.claims import check, ledger
from audit.claims import draft as drafting
from audit.commands import options
from audit.commands.console import err, finish, progress, ready
from audit.errors import AuditError


def claims(
    documents: Annotated[
        list[Path] | None, typer.Argument(help="Documents; without any those of [tool.audit.claims].")
    ] = None,
    book: Annotated[
        Path | None, typer.Option("--ledger", help="In place of the ledger of [tool.audit.claims].", dir_okay=False)
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Propose a ledger from tables and ticked lists.")] = False,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="First run what makes their evidence: the ledger's commands.")
    ] = False,
    output: options.Output = None,
) -> None:
    """Hold numbers in documents against evidence: holds, drifted, refuted, or no evidence."""
    paths = [path.as_posix() for path in documents or ()]
    if draft:
        if not paths:
            raise AuditError("a draft needs a document: `python -m audit claims REPORT.md --draft`")
        for path in paths:
            print(drafting.render(path, drafting.proposals(check.text(Path(), path))), end="")
        return
    ready(output)
    by_hand = None if book is None else str(book)
    if recompute:
        _, settings = parts.claim_settings(Path(), paths, by_hand)
        run_commands(check.entries_of(Path(), settings, paths))
    finish(parts.claims(Path(), progress, documents=paths, ledger=by_hand), output)


def run_commands(entries: dict[str, ledger.Entry]) -> None:
    """Run each command of these entries once, in their order, without a shell.

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
