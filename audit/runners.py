"""Starting other people's tools: where they are, which version, what they printed."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from audit.errors import NotRunError
from audit.model import Location

TIMEOUT = 600  # seconds; a tool that takes longer counts as not run


@dataclass(frozen=True)
class Completed:
    """What a tool did: its exit status and both outputs, with paths relative to where it ran.

    So the same tree gives the same output wherever it lies.
    """

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Diagnostic:
    """What a linter says about one place."""

    code: str
    location: Location
    message: str
    url: str = ""


@cache
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

    Raises:
        NotRunError: the tool is missing or did not end in time.
    """
    return run(module.replace("_", "-"), ["-m", module, *arguments], cwd)


def run(distribution: str, arguments: Sequence[str], cwd: Path) -> Completed:
    """`python arguments` in `cwd`, for a tool of this distribution.

    `-P` keeps the audited tree from being imported in place of the tool (a `flake8.py` in it would run otherwise).

    Raises:
        NotRunError: the tool is missing, cannot be started or did not end in time.
    """
    version(distribution)
    try:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], cwd=cwd, capture_output=True, text=True, encoding="utf-8",
            errors="replace", timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotRunError(f"{distribution} did not end within {TIMEOUT} s", "audit a smaller tree") from None
    except OSError as error:
        raise NotRunError(f"{distribution} cannot be started: {error.strerror}", "mend this Python") from error
    here = cwd.resolve()

    def relative(text: str) -> str:
        return text.replace(f"{here.as_uri()}/", "").replace(f"{here}/", "")

    return Completed(done.returncode, relative(done.stdout), relative(done.stderr))


def ruff_output(form: str, arguments: Sequence[str], files: Sequence[str], cwd: Path) -> list[str]:
    """What `ruff check` prints of these files in one of its formats, in as many pieces as it was called. No cache.

    Raises:
        NotRunError: ruff is missing, or failed otherwise than by finding something.
    """
    printed = []
    for start in range(0, len(files), 500):  # a command line holds about 2 MB
        options = ["check", "--output-format", form, "--no-cache", *arguments, "--"]
        done = run_module("ruff", [*options, *files[start : start + 500]], cwd)
        if done.status not in (0, 1):
            raise NotRunError(f"ruff failed: {first_line(done.stderr)}", "run `ruff check` by hand")
        printed.append(done.stdout)
    return printed


def ruff(arguments: Sequence[str], files: Sequence[str], cwd: Path) -> tuple[list[Diagnostic], str]:
    """What ruff says of these files, and the sha256 of its JSON, which counts lines inside a notebook's cell.

    Raises:
        NotRunError: as `ruff_output`.
    """
    printed = ruff_output("json", arguments, files, cwd)
    diagnostics = []
    for entry in (entry for text in printed for entry in json.loads(text)):
        # Ruff counts cells from 1 over all cells, and lines within the cell.
        cell = None if entry["cell"] is None else entry["cell"] - 1
        place = Location(Path(entry["filename"]).as_posix(), entry["location"]["row"], cell)
        diagnostics.append(Diagnostic(entry["code"] or "syntax", place, entry["message"], entry.get("url") or ""))
    return diagnostics, sha256("".join(printed))


def sha256(text: str) -> str:
    """Of a tool's output."""
    return hashlib.sha256(text.encode()).hexdigest()


def first_line(text: str) -> str:
    """The first line that says something, for a message."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")
