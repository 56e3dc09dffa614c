"""`python -m audit paper`: only the papers, measured on running code."""

from pathlib import Path
from typing import Annotated

import typer

from audit import parts
from audit.commands import options
from audit.commands.console import finish, progress, ready
from audit.papers import spec


def paper(
    subject: Annotated[
        str | None, typer.Option(help="file.py:callable or module:callable instead of what [tool.audit] names.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--paper", help="The paper to measure --subject against.", show_default=spec.default())
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Import and run the subject's code.")] = False,
    output: options.Output = None,
) -> None:
    """Measure the papers' parameters on running code."""
    ready(output)
    finish(parts.papers(Path(), progress, subject=subject, paper=name, trust=trust), output, all_rows=True)
