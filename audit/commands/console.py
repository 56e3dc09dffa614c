"""What every command prints with, and how it ends."""

from pathlib import Path

import typer
from rich.console import Console

from audit.engine import Audit, Exit, exit_code
from audit.reports import files, terminal

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def progress(title: str) -> None:
    """One plain line on stderr for each check as it begins."""
    err.print(f"· {title} …", style="dim")


def finish(audit: Audit, output: Path | None, report_only: bool = False, all_rows: bool = False) -> None:
    """Print, write, and end with the gate's exit code."""
    out.print(terminal.render(audit.report, all_rows=all_rows))
    if output is not None:
        files.write_all(output, audit.report, audit.facts)
        out.print(f"Report: {output}/report.md, {output}/report.json")
    raise typer.Exit(Exit.PASS if report_only else exit_code(audit.report))
