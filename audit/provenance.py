"""What of a tree an audit looked at, as hashes: so that a later look can say whether it is the same."""

import hashlib
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
