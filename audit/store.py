"""What is known of files that have been seen before: JSON in the user's cache folder, never in the audited tree."""

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

MOST_BYTES = 256 * 2**20  # of all entries together; the oldest go first
MOST_OF_ONE = 4 * 2**20  # larger entries are not kept
FOLDER = "ml-audit"
TABLES = ("rules/dependencies/releases.toml",)  # what decides beside the code


class Store:
    """Values by the hash of everything they were worked out from.

    An entry holds the hash of its own bytes: one that is damaged, cut off or of another shape is as good as none. A
    folder that cannot be written keeps nothing, and is no error: the cache only saves time.
    """

    def __init__(self, folder: Path, most: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most = most

    def place(self, key: str) -> Path:
        """Where the value of a key (hexadecimal) lies."""
        return self.folder / key[:2] / f"{key[2:]}.json"

    def get(self, key: str) -> Any:
        """The value, or None for a miss."""
        try:
            mark, _, body = self.place(key).read_bytes().partition(b"\n")
            return json.loads(body) if mark.decode() == digest(body) else None
        except (OSError, ValueError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold; another process may do the same at the same time."""
        body = json.dumps(value).encode()
        if len(body) > MOST_OF_ONE:
            return
        place = self.place(key)
        new = place.with_suffix(f".{os.getpid()}")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_bytes(digest(body).encode() + b"\n" + body)
            new.replace(place)
        except OSError:
            return

    def prune(self) -> None:
        """Remove the oldest entries until the rest is within the bound."""
        entries = sorted(self.entries(), reverse=True)
        total = 0
        for _, size, path in entries:
            total += size
            if total > self.most:
                Path(path).unlink(missing_ok=True)

    def entries(self) -> Iterator[tuple[int, int, str]]:
        """(time of writing, bytes, path) of each."""
        for path in self.folder.glob("??/*"):
            try:
                facts = path.stat()
            except OSError:
                continue  # another process has just removed it
            yield facts.st_mtime_ns, facts.st_size, str(path)


def of_user() -> Store:
    """The store in the user's cache folder, as the XDG specification names it."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return Store(base / FOLDER)


def digest(data: bytes) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@cache
def code_digest() -> str:
    """Of the files that decide what is found: another version of a rule finds other things."""
    root = Path(__file__).parent
    files = [*root.glob("*.py"), *(root / "rules").rglob("*.py"), *(root / name for name in TABLES)]
    parts = [digest(path.read_bytes()) for path in sorted(files)]
    return digest("\n".join(parts).encode())
