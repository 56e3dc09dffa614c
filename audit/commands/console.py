"""What every command prints with, and how it ends."""

from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from audit.config import Config
from audit.engine import Audit, Exit, all_rules, exit_code
from audit.errors import AuditError
from audit.gate import baseline
from audit.reports import files, formats, terminal
from audit.reports.formats import Format
from audit.reports.wording import safe

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
BAR: list[Progress] = []  # the one that stands, if any


def progress(title: str) -> None:
    """One plain line on stderr for each check as it begins."""
    err.print(f"· {title} …", style="dim", markup=False)


def step(done: int, total: int) -> None:
    """A bar on stderr while files are looked at; nothing where stderr is no terminal."""
    bars = BAR
    if not err.is_terminal or total == 0:
        return
    if not bars:
        columns = (TextColumn("· files"), BarColumn(), MofNCompleteColumn())
        # Drawn when told to, not by a thread: processes are forked while it stands.
        bars.append(Progress(*columns, console=err, transient=True, auto_refresh=False))
        bars[0].add_task("files", total=total)
        bars[0].start()
    bars[0].update(bars[0].task_ids[0], completed=done, refresh=True)
    if done == total:
        bars.pop().stop()


def ready(output: Path | None, form: Format | None = None, write_baseline: Path | None = None) -> None:
    """Find out before the work whether `finish` can write what comes of it.

    Raises:
        AuditError: nothing says which report is meant, it cannot be written, or the baseline that is there is none.
    """
    try:
        asked = formats.of_file(output, form)
    except OSError as error:
        raise AuditError(f"{error.filename} cannot be written: {error.strerror}") from error
    reports = [] if output is None else [output] if asked else [output / name for name in files.ALL]
    writable(*reports, *([] if write_baseline is None else [write_baseline]))
    if write_baseline is not None and write_baseline.is_file():
        baseline.read(write_baseline)


def writable(*paths: Path) -> None:
    """Find out whether files can be written here, and leave none.

    Raises:
        AuditError: one cannot.
    """
    try:
        files.probe(paths)
    except OSError as error:
        raise AuditError(f"{error.filename} cannot be written: {error.strerror}") from error


def finish(
    audit: Audit, output: Path | None, *, form: Format | None = None, settings: Config | None = None,
    write_baseline: Path | None = None,
    report_only: bool = False, all_rows: bool = False,
) -> None:  # fmt: skip
    """Print, write, and end with the gate's exit code.

    `output` is a folder for all of `files.ALL`, or a file (by its suffix) for one: then the terminal gets a summary.

    Raises:
        AuditError: what was to be written cannot be.
    """
    one_file = formats.of_file(output, form) is not None
    if form in (None, Format.TERMINAL) or one_file:
        shown = terminal.SHOWN if out.is_terminal or output is not None else None
        more = "in the report" if output is not None else "(--format markdown prints them, --output FOLDER writes them)"
        out.print(terminal.render(audit.report, all_rows=all_rows, shown=shown, more=more))
    else:
        print(formats.render(audit.report, form), end="")
    try:
        if write_baseline is not None:
            before = baseline.read(write_baseline) if write_baseline.is_file() else baseline.Baseline()
            after = baseline.renewed(audit.report, before, settings or Config(), all_rules())
            write_baseline.parent.mkdir(parents=True, exist_ok=True)
            files.write(write_baseline, baseline.render(after))
            said = "\n  ".join(baseline.changes(before, after))
            err.print(safe(f"Baseline: {write_baseline}: {said}"), markup=False)
        written = deliver(audit, output, form)
    except OSError as error:
        raise AuditError(f"{error.filename or output} cannot be written: {error.strerror}") from error
    if written:
        (out if form in (None, Format.TERMINAL) or one_file else err).print(f"Report: {written}", markup=False)
    raise typer.Exit(Exit.PASS if report_only else exit_code(audit.report))


def deliver(audit: Audit, output: Path | None, form: Format | None) -> str:
    """Write one file or all; what was written, in words."""
    if output is None:
        return ""
    asked = formats.of_file(output, form)
    if asked is None:
        files.write_all(output, audit.report, audit.facts)
        suffixes = ",".join(name.removeprefix("report.") for name in files.ALL if name != files.FACTS)
        return f"{output / 'report'}.{{{suffixes}}} and {output / files.FACTS}"
    output.parent.mkdir(parents=True, exist_ok=True)
    files.write(output, formats.render(audit.report, asked))
    return str(output)
