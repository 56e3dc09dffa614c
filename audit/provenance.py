"""What of a tree an audit looked at, as hashes and a commit: so that a later look can say whether it is the same."""

import hashlib
import subprocess
from collections.abc import Collection
from pathlib import Path

from audit.model import InputHash
from audit.target import Target

# DVC writes the report's own hash into its lock: a report that held the lock's hash would never be the same twice.
WRITTEN_BY_PIPELINE = "dvc.lock"


def file_hashes(target: Target) -> tuple[InputHash, ...]:
    """Every file of the tree with its content's sha256, worked out once."""
    if "file_hashes" not in target.derived:
        names = [name for name in target.files if Path(name).name != WRITTEN_BY_PIPELINE]
        hashed = (hash_of(target.root, name) for name in names)
        target.derived["file_hashes"] = tuple(item for item in hashed if item is not None)
    found: tuple[InputHash, ...] = target.derived["file_hashes"]
    return found


def further(root: Path, names: Collection[str]) -> tuple[InputHash, ...]:
    """Files that are not audited but decide what comes out, as data and weights: these, or all in these folders."""
    places = [root / name for name in names]
    found = {place for place in places if place.is_file()}
    found |= {file for place in places if place.is_dir() for file in place.rglob("*") if file.is_file()}
    hashed = (hash_of(root, file.relative_to(root).as_posix()) for file in sorted(found))
    return tuple(item for item in hashed if item is not None)


def hash_of(root: Path, name: str) -> InputHash | None:
    """One file; None for what cannot be read, which the rules report."""
    try:
        with (root / name).open("rb") as stream:
            return InputHash(name, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError:
        return None


def together(target: Target, names: Collection[str]) -> str:
    """One sha256 over path and content of some files of the tree."""
    wanted = set(names)
    total = hashlib.sha256()
    for item in file_hashes(target):
        if item.path in wanted:
            total.update(f"{item.sha256} {item.path}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def repository_state(root: Path, files: Collection[str] = ()) -> tuple[str, str]:
    """(commit, "clean" | "dirty"), or ("", "no repository").

    Args:
        files: clean means that the commit has these as they are, whatever a pipeline writes elsewhere; without them,
            that nothing in the repository is changed or new.
    """
    commands = (
        ("rev-parse", "HEAD"), ("rev-parse", "--show-prefix"),
        ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"),
    )  # fmt: skip
    try:
        commit, prefix, status = (
            subprocess.run(
                ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(root), *command],
                capture_output=True, text=True, errors="surrogateescape", check=True,
            ).stdout
            for command in commands
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "", "no repository"
    changed = {line[3:].removeprefix(prefix.rstrip("\n")) for line in status.split("\0") if line}
    return commit.strip(), "dirty" if changed & set(files or changed) else "clean"
