"""flake8, its findings as lines of JSON. Run as a script, by its path: it needs flake8 and nothing of the audit."""

import json
import sys

from flake8.formatting.base import BaseFormatter
from flake8.main.application import Application
from flake8.statistics import Statistics
from flake8.violation import Violation


class Lines(BaseFormatter):  # type: ignore[misc]  # flake8 ships no types
    """Prints one JSON object for each finding, and nothing else, whatever the project's configuration asks for."""

    def after_init(self) -> None:
        """Print, where the configuration would have a file."""
        self.filename = None

    def format(self, error: Violation) -> str:
        """One finding."""
        return json.dumps({"path": error.filename, "row": error.line_number, "code": error.code, "text": error.text})

    def show_source(self, error: Violation) -> None:
        """The line itself is no part of it."""

    def show_statistics(self, statistics: Statistics) -> None:
        """Nor are sums."""


class Json(Application):  # type: ignore[misc]
    """flake8 with that formatter."""

    def make_formatter(self) -> None:
        """Take ours, not what the options name."""
        self.formatter = Lines(self.options)


if __name__ == "__main__":
    application = Json()
    application.run(sys.argv[1:])
    raise SystemExit(application.exit_code())
