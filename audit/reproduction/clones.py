"""Clean clones of a commit, and the pipeline run in them."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError

LAST = 5  # lines of a failed run that are told


@dataclass(frozen=True)
class Ran:
    """How the command ended in a clone, and the last lines of what it printed."""

    status: int
    tail: str


def commit(root: Path, ref: str) -> str:
    """The full hash of a commit.

    Raises:
        AuditError: there is no repository, or no such commit in it.
    """
    done = git("-C", str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode:
        raise AuditError(f"no commit {ref!r} in {root.resolve()}: give a branch, tag or hash of a git repository")
    return done.stdout.strip()


def clone(root: Path, sha: str, place: Path) -> None:
    """A clone at this commit, with files of its own.

    Raises:
        AuditError: git refuses.
    """
    steps = (
        ("clone", "--quiet", "--no-hardlinks", "--no-checkout", str(root.resolve()), str(place)),
        ("-C", str(place), "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", sha),
    )
    for step in steps:
        done = git(*step)
        if done.returncode:
            raise AuditError(f"git cannot clone {root.resolve()} at {sha[:12]}: {last_lines(done.stderr, 1)}")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git.

    Raises:
        AuditError: it is not installed.
    """
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise AuditError("git is not installed: reproducing needs it") from error


def without(place: Path, outputs: Sequence[str]) -> None:
    """Remove outputs that are committed: a pipeline that finds them would not make them."""
    for name in outputs:
        path = place / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def run(command: str, place: Path) -> Ran:
    """Run the command in a shell in the clone; what it prints goes into a file beside it."""
    log = place.with_name(f"{place.name}.log")
    with log.open("wb") as stream:
        status = subprocess.run(
            ["/bin/sh", "-c", command], cwd=place, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            check=False,
        ).returncode  # fmt: skip
    return Ran(status, last_lines(log.read_text(encoding="utf-8", errors="replace"), LAST))


def last_lines(text: str, number: int) -> str:
    """The end of what was printed, on one line."""
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-number:])
