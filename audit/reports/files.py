"""Writing reports, each under a temporary name first: no reader ever meets half a report."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from audit.model import Report, RunFacts
from audit.reports import json_report, statement
from audit.reports.formats import IN_FOLDER, Format, render

FACTS = "run.json"
ALL = (*(form.file for form in IN_FOLDER), statement.FILE, FACTS)  # what a folder is given


def write_all(folder: Path, report: Report, facts: RunFacts) -> None:
    """Every rendering but the terminal's, run.json with what differs from run to run, and a statement about both."""
    folder.mkdir(parents=True, exist_ok=True)
    for form in IN_FOLDER:
        write(folder / form.file, render(report, form))
    write(folder / statement.FILE, statement.render(report, facts, render(report, Format.JSON)))
    write(folder / FACTS, json_report.render_facts(facts))


def probe(paths: Iterable[Path]) -> None:
    """Find out whether files can be written here, in folders that need not be there yet, and leave none.

    Raises:
        OSError: one cannot; it is named.
    """
    for path in paths:
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if path.exists() and not path.is_file():
                raise OSError(errno.EINVAL, "is no regular file, which a report would replace")
            there = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error


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
