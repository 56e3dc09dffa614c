"""`python -m audit memory`: what training and inference take, before a card is rented."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from audit import parts
from audit.commands import options
from audit.commands.console import err, finish, out, progress, ready, writable
from audit.errors import AuditError
from audit.plans import describe, memory_subject
from audit.reports import files


class Device(StrEnum):
    """What predictions can stand for."""

    CPU = "cpu"
    CUDA = "cuda"


CONTEXT = "600MiB"  # about what a CUDA context and the libraries' workspaces take; replaced by what a GPU says


def memory(
    budget: Annotated[str, typer.Option(help="Memory of the card, with a unit: 6GiB, 800MB.")] = "6GiB",
    device: Annotated[
        Device | None, typer.Option(help="What to predict for (default: cuda); named, it is measured as well.")
    ] = None,
    constant: Annotated[str, typer.Option(help="Part of the budget for the CUDA context and workspaces.")] = CONTEXT,
    model: Annotated[list[str] | None, typer.Option(help="Only this model; repeatable.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="file.py:callable or module:callable instead of what [tool.audit.memory] names.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Import and run the subject's code.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the table to this file, in bytes.", dir_okay=False)] = None,
    output: options.Output = None,
    check: Annotated[bool, typer.Option("--check/--table-only", help="Hold predictions against real runs.")] = True,
) -> None:
    """Predict peak memory from fake tensors, find the largest batch and tile that fit, and check the predictions."""
    name, settings = parts.memory_settings(Path(), subject, trust)
    from audit.memory import render, table
    from footprint import FootprintError, parse_size

    ready(output)
    if json is not None:
        writable(json)
    chosen = device or Device.CUDA
    try:
        bytes_, free = parse_size(budget), parse_size(constant) if chosen is Device.CUDA else 0
    except FootprintError as error:
        raise AuditError(str(error)) from error
    try:
        made = memory_subject(Path(), settings, tuple(model or ()))
    except AuditError:
        raise
    except Exception as error:
        raise AuditError(f"{settings.adapter} raised {describe(error)}") from error
    result = table.predict(made, chosen.value, bytes_, free, lambda line: err.print(f"· {line} …", style="dim"))
    out.print(render.terminal(result))
    if json is not None:
        try:
            json.parent.mkdir(parents=True, exist_ok=True)
            files.write(json, render.document(result))
        except OSError as error:
            raise AuditError(f"{json} cannot be written: {error.strerror}") from error
    if not check:
        return
    audit = parts.memory(
        Path(), made, progress, name=name, subject=subject, model=model or (), gpu=device is Device.CUDA
    )
    finish(audit, output)
