"""Starting other people's tools: where they are, which version, what they printed."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import NotRunError

TIMEOUT = 600  # seconds; a tool that takes longer counts as not run


@dataclass(frozen=True)
class Completed:
    """What a tool did: its exit status and both outputs."""

    status: int
    stdout: str
    stderr: str

    @property
    def sha256(self) -> str:
        """Of what it printed on stdout."""
        return hashlib.sha256(self.stdout.encode()).hexdigest()


def version(distribution: str) -> tuple[str, str]:
    """(name, installed version) of a tool.

    Raises:
        NotRunError: it is not installed in this Python.
    """
    try:
        return distribution, importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise NotRunError(f"{distribution} is not installed", f"run `pip install {distribution}`") from None


def run_module(module: str, arguments: Sequence[str], cwd: Path) -> Completed:
    """`python -m module arguments` in `cwd`, under this Python and with nothing of `cwd` on the import path.

    `-P` keeps the audited tree from being imported in place of the tool (a `flake8.py` in it would run otherwise).

    Raises:
        NotRunError: the tool is missing or did not end in time.
    """
    version(module.replace("_", "-"))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", module, *arguments], cwd=cwd, capture_output=True, text=True,
            encoding="utf-8", errors="replace", timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotRunError(f"{module} did not end within {TIMEOUT} s", "audit a smaller tree") from None
    return Completed(done.returncode, done.stdout, done.stderr)


def ruff(arguments: Sequence[str], files: Sequence[str], cwd: Path) -> tuple[list[dict[str, Any]], Completed]:
    """Diagnostics of `ruff check` on these files, from its JSON output. It writes no cache.

    Raises:
        NotRunError: ruff is missing, or failed otherwise than by finding something.
    """
    diagnostics: list[dict[str, Any]] = []
    done = Completed(0, "[]", "")
    for start in range(0, len(files), 500):  # a command line holds about 2 MB
        options = ["check", "--output-format", "json", "--no-cache", *arguments, "--"]
        done = run_module("ruff", [*options, *files[start : start + 500]], cwd)
        if done.status not in (0, 1):
            raise NotRunError(f"ruff failed: {first_line(done.stderr)}", "run `ruff check` by hand")
        diagnostics += json.loads(done.stdout)
    return diagnostics, done


def first_line(text: str) -> str:
    """The first line that says something, for a message."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")
