"""The renderings that there are, and the name of each one's file."""

from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import assert_never

from rich.console import Console

from audit.errors import AuditError
from audit.model import Report
from audit.reports import json_report, junit, markdown, page, sarif, terminal
from audit.reports.wording import safe

WIDTH = 120  # columns of a terminal rendering that goes into a file


class Format(StrEnum):
    """Renderings of the one result."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    HTML = "html"

    @property
    def file(self) -> str:
        """Its name in a folder of reports."""
        return {
            Format.TERMINAL: "report.txt",
            Format.MARKDOWN: "report.md",
            Format.JSON: "report.json",
            Format.SARIF: "report.sarif",
            Format.JUNIT: "report.xml",
            Format.HTML: "report.html",
        }[self]


IN_FOLDER = (Format.MARKDOWN, Format.JSON, Format.SARIF, Format.JUNIT, Format.HTML)


def render(report: Report, form: Format) -> str:
    """The result as text; the same text for the same result, with nothing in it that a terminal would obey."""
    return safe(rendered(report, form))


def rendered(report: Report, form: Format) -> str:
    """The result as its renderer writes it."""
    match form:
        case Format.TERMINAL:
            console = Console(width=WIDTH, file=StringIO(), soft_wrap=True, highlight=False, no_color=True)
            with console.capture() as captured:
                console.print(terminal.render(report))
            return captured.get()
        case Format.MARKDOWN:
            return markdown.render(report)
        case Format.JSON:
            return json_report.render(report)
        case Format.SARIF:
            return sarif.render(report)
        case Format.JUNIT:
            return junit.render(report)
        case Format.HTML:
            return page.render(report)
        case _:
            assert_never(form)


def of_file(path: Path | None, form: Format | None = None) -> Format | None:
    """The rendering that goes into one file: as asked for, or by its name; None for a folder and for no path.

    Raises:
        AuditError: nothing says which.
    """
    named = {Path(each.file).suffix: each for each in Format}
    if path is None or path.is_dir() or not path.suffix[1:].isalpha():
        return None
    asked = form or named.get(path.suffix)
    if asked is None:
        raise AuditError(f"{path}: no report ends in {path.suffix}; there are {', '.join(named)}, or name a folder")
    return asked
