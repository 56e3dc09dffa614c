"""Entries as files in a folder that several processes share."""

import errno
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from colorlib.cache.ledger import Ledger
from colorlib.cache.store import DEFAULT_TTL, DeclinedError

DEFAULT_SIZE_LIMIT = 1 << 30  # bytes
AFTER_EVICTION = 0.9  # of the limit: room for some entries before the folder is looked through again
ABANDONED_SECONDS = 600.0  # after which a file that nobody finished is swept up


@dataclass(frozen=True)
class _File:
    path: Path
    size: int  # bytes
    modified: float  # seconds since the epoch
    used: float  # seconds since the epoch


class DiskStore:
    """One file an entry: `folder/v1/ab/abcd…`; modified when it was written, accessed when it was last used.

    A file is written under another name and renamed, so that a reader sees all of it or nothing; what a crash of the
    machine leaves is found by the entry's checksum. All processes add up the sizes in one ledger; above the limit the
    least recently used go.

    The folder is for its owner only: results are people's photographs.

    Args:
        folder: made when the first entry is put.
        size_limit: of all entries, bytes.
        ttl: seconds that an entry lives after it was written.
        clock: seconds since the epoch, as of the files.
    """

    name: ClassVar[str] = "disk"

    def __init__(
        self,
        folder: Path,
        size_limit: int = DEFAULT_SIZE_LIMIT,
        ttl: float = DEFAULT_TTL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = Path(folder).absolute() / "v1"
        self._ledger = Ledger(self._root / "ledger")
        self._limit = size_limit
        self._ttl = ttl
        self._clock = clock
        self._evictions = 0

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def get(self, key: str) -> bytearray | None:
        """The entry's bytes; it is now the most recently used. Raises DeclinedError."""
        path = self._path(key)
        with _in_words():
            try:
                with path.open("rb", buffering=0) as file:
                    status = os.fstat(file.fileno())
                    if self._clock() - status.st_mtime >= self._ttl:
                        path.unlink(missing_ok=True)
                        return None
                    data = bytearray(status.st_size)
                    file.readinto(data)  # short only if the file was cut meanwhile, which the checksum sees
                self._touch(path, status.st_mtime_ns)
            except FileNotFoundError:
                return None
            return data

    def put(self, key: str, data: bytes) -> None:
        """Write the entry, and evict others if it does not fit beside them. Raises DeclinedError."""
        if len(data) > self._limit:
            raise DeclinedError(f"an entry of {len(data)} bytes is larger than the whole cache of {self._limit}")
        path = self._path(key)
        with _in_words():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            with self._partial(data) as partial, self._ledger.locked() as total:
                replaced = _size(path)
                partial.replace(path)
                held = self._sweep(self._limit) if total.value is None else total.value + len(data) - replaced
                if held > self._limit:
                    held = self._sweep(int(AFTER_EVICTION * self._limit))
                total.value = held

    def remove(self, key: str) -> None:
        """Delete the entry. Raises DeclinedError."""
        with _in_words():
            self._path(key).unlink(missing_ok=True)

    def usage(self) -> tuple[int, int]:
        """Bytes of all entries, counted now, and entries that this store has evicted. Raises DeclinedError."""
        with _in_words():
            return sum(file.size for file in self._entries()), self._evictions

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key

    def _touch(self, path: Path, modified_ns: int) -> None:
        try:
            os.utime(path, ns=(int(self._clock() * 1e9), modified_ns))
        except (PermissionError, FileNotFoundError):
            return  # someone else's file, still good to read; or evicted meanwhile, and read before
        except OSError as error:
            if error.errno != errno.EROFS:
                raise

    @contextmanager
    def _partial(self, data: bytes) -> Iterator[Path]:
        """A file of its own that holds `data`; what is still there at the end is removed."""
        folder = self._root / "partial"
        folder.mkdir(exist_ok=True)
        path = folder / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            path.write_bytes(data)
            now = self._clock()
            os.utime(path, (now, now))
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _sweep(self, keep: int) -> int:
        """Remove what is expired or abandoned, then the least recently used down to `keep` bytes; the bytes left."""
        now = self._clock()
        for file in _files(self._root / "partial"):
            if now - file.modified >= ABANDONED_SECONDS:
                file.path.unlink(missing_ok=True)
        entries = sorted(self._entries(), key=lambda file: file.used)
        held = sum(file.size for file in entries)
        for file in entries:
            expired = now - file.modified >= self._ttl
            if held <= keep and not expired:
                continue
            file.path.unlink(missing_ok=True)
            held -= file.size
            self._evictions += not expired
        return held

    def _entries(self) -> Iterator[_File]:
        for folder in self._root.glob("[0-9a-f][0-9a-f]"):
            yield from _files(folder)


def _files(folder: Path) -> Iterator[_File]:
    """The files of a folder; those that vanish meanwhile are left out."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    yield _File(Path(entry.path), status.st_size, status.st_mtime, status.st_atime)
    except FileNotFoundError:
        return


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeclinedError(error.strerror or str(error)) from error
