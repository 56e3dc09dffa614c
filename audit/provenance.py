"""What of a tree an audit looked at, as hashes and a commit: so that a later look can say whether it is the same."""

import hashlib
import stat
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path

from audit.model import InputHash
from audit.target import PATIENCE, Target

# DVC writes the report's own hash into its lock: a report that held the lock's hash would never be the same twice.
WRITTEN_BY_PIPELINE = "dvc.lock"

Choice = Callable[[Iterable[str]], list[str]]


def file_hashes(target: Target) -> tuple[InputHash, ...]:
    """Every file of the tree with its content's sha256, worked out once."""
    if "file_hashes" not in target.derived:
        names = [name for name in target.files if not written_by_pipeline(name)]
        hashed = (hash_of(target.root, name) for name in names)
        target.derived["file_hashes"] = tuple(item for item in hashed if item is not None)
    found: tuple[InputHash, ...] = target.derived["file_hashes"]
    return found


def written_by_pipeline(path: str) -> bool:
    """Whether a file changes with what an audit writes."""
    return Path(path).name == WRITTEN_BY_PIPELINE


def further(root: Path, names: Collection[str]) -> tuple[InputHash, ...]:
    """Files that are not audited but decide what comes out, as data and weights: these, or all in these folders."""
    places = [root / name for name in names]
    found = {place for place in places if place.is_file()}
    found |= {file for place in places if place.is_dir() for file in place.rglob("*") if file.is_file()}
    hashed = (hash_of(root, file.relative_to(root).as_posix()) for file in sorted(found))
    return tuple(item for item in hashed if item is not None)


def imported(root: Path) -> tuple[InputHash, ...]:
    """The modules of a tree that this process has imported by now: the code that was run."""
    here = root.resolve()
    places = {Path(found) for module in list(sys.modules.values()) if (found := getattr(module, "__file__", None))}
    inside = (place.relative_to(here) for place in places if place.is_relative_to(here) and place.suffix == ".py")
    names = sorted(name.as_posix() for name in inside if "site-packages" not in name.parts)
    hashed = (hash_of(root, name) for name in names)
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


def repository_state(target: Target, audited: Choice = sorted) -> tuple[str, str]:
    """(commit, "clean" | "dirty"), or ("", "no repository").

    Clean: the commit has the files of the tree as they are, and what it has besides is not audited. Their bytes are
    compared here: `git status` would run what the configuration of a foreign repository names as a filter.

    Args:
        audited: chooses from the paths of the commit those that would be audited.
    """
    root = target.root
    try:
        commit, listed = (
            subprocess.run(
                ["git", "--no-optional-locks", "-C", str(root), *command], capture_output=True, check=True,
                timeout=PATIENCE,
            ).stdout.decode(errors="surrogateescape")
            for command in (("rev-parse", "HEAD"), ("ls-tree", "-r", "-z", "HEAD"))
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "", "no repository"
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry.startswith("100"))  # regular files
    committed = {path: described.split()[-1] for described, _, path in entries}
    names = [path for path in {*target.files, *audited(committed)} if not written_by_pipeline(path)]
    clean = all(path in committed and blob(root / path, committed[path]) == committed[path] for path in names)
    return commit.strip(), "clean" if clean else "dirty"


def blob(place: Path, like: str) -> str:
    """The id that git gives a file's bytes, by the hash that made the id `like`; "" for what cannot be read."""
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    try:
        facts = place.lstat()
        if not stat.S_ISREG(facts.st_mode):
            return ""  # a pipe or a device may stand where the commit has a file, and never end
        begun = partial(algorithm, b"blob %d\0" % facts.st_size, usedforsecurity=False)
        with place.open("rb") as stream:
            return hashlib.file_digest(stream, begun).hexdigest()
    except OSError:
        return ""
