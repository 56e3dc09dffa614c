"""`python -m audit verify REPORT`: a report held against its statement, its inputs, and a second look."""

from pathlib import Path
from typing import Annotated

import typer

from audit.commands import options
from audit.commands.console import err, finish, progress, ready
from audit.engine import run
from audit.errors import AuditError
from audit.model import Check, Report
from audit.plans import Plan, already
from audit.reports import files, statement
from audit.verification import again as second_look
from audit.verification import dsse, integrity


def verify(
    report: Annotated[Path, typer.Argument(help="report.json, with report.intoto.json beside it.", dir_okay=False)],
    root: Annotated[Path, typer.Option(help="The tree that it speaks of.", exists=True, file_okay=False)] = Path(),
    key: Annotated[
        Path | None, typer.Option(help="Public ed25519 key, PEM: the statement must be signed with it.", dir_okay=False)
    ] = None,
    sign: Annotated[
        Path | None, typer.Option(help="Private ed25519 key in PEM: sign the statement, if the bytes are right.")
    ] = None,
    again: Annotated[bool, typer.Option("--again/--no-again", help="Run its checks again.")] = True,
    everything: Annotated[bool, typer.Option("--all", help="Also the slow ones: memory of real runs.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run what the report itself names: a subject, or a ledger's renderers.")
    ] = False,
    output: options.Output = None,
) -> None:
    """Say whether a report still holds: bytes, inputs, signature, and what its checks come to now."""
    ready(output)
    read = integrity.load(report)
    said, checks = read.statement, []
    if key is not None:
        signature, signed = integrity.signature_check(read, key)
        checks.append(signature)
        said = signed
    own, (inputs, changed) = integrity.bytes_check(read, said), integrity.inputs_check(root, said)
    checks += [own, inputs]
    if sign is not None:
        write_signature(read, own, sign)
    plans = [already(check) for check in checks]
    if again:
        skip = () if everything else second_look.SLOW

        def repeat() -> Check:
            now = second_look.again(root, read.content, skip, trust, progress)
            return second_look.compared(read.content, now, changed, skip)

        plans.append(Plan(second_look.ID, second_look.TITLE, repeat))
    finish(run(root, Report(str(read.content["subject"]), "verification", ()), plans, progress), output)


def write_signature(read: integrity.Read, own: Check, key: Path) -> None:
    """Put the envelope beside the report.

    Raises:
        AuditError: the bytes are not those of the statement, or it cannot be written.
    """
    if not own.verdict.passes:
        raise AuditError(f"nothing was signed: {own.message}")
    payload = read.path.with_name(statement.FILE).read_bytes()
    place = read.path.with_name(dsse.FILE)
    try:
        files.write(place, dsse.signed(payload, dsse.private_key(key)))
    except OSError as error:
        raise AuditError(f"{place} cannot be written: {error.strerror}") from error
    err.print(f"Signed: {place}", markup=False)
