"""Writing reports, each under a temporary name first: no reader ever meets half a report."""

import os
import tempfile
from pathlib import Path

from audit.model import Report, RunFacts
from audit.reports import json_report, statement
from audit.reports.formats import IN_FOLDER, Format, render


def write_all(folder: Path, report: Report, facts: RunFacts) -> None:
    """Every rendering, the same bytes for the same result, run.json with what differs, and a statement about both."""
    folder.mkdir(parents=True, exist_ok=True)
    for form in IN_FOLDER:
        write(folder / form.file, render(report, form))
    write(folder / statement.FILE, statement.render(report, facts, render(report, Format.JSON)))
    write(folder / "run.json", json_report.render_facts(facts))


def write(path: Path, text: str) -> None:
    """Replace the file as a whole.

    Raises:
        OSError: it cannot be written; it is named, not what stands in for it meanwhile.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
