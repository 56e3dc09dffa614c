import sys

import pytest

from audit import __main__ as command


@pytest.fixture
def audit(monkeypatch, capsys):
    """Run a command of the audit as from a shell: (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            command.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run
