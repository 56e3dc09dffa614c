"""One number that several processes add to."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOCK_SECONDS = 1.0
POLL_SECONDS = 0.002
DIGITS = 20


class LockedOutError(OSError):
    """Another process holds the ledger for too long; it may have been stopped."""


@dataclass
class Total:
    """The number while the ledger is locked; None where nobody has counted, or a writer died before it had."""

    value: int | None


class Ledger:
    """A whole number in a file, changed under the file's lock.

    The lock is the system's (flock): it ends with the process that holds it, however that ends. The file is empty while
    it is locked, so that who dies at work leaves no wrong number.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[Total]:
        """Lock the ledger; what stands in the total at the end of the block is written.

        Raises:
            LockedOutError: it could not be had within `LOCK_SECONDS`.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
            text = os.pread(descriptor, DIGITS, 0)
            total = Total(int(text) if len(text) == DIGITS and text.isdigit() else None)
            os.ftruncate(descriptor, 0)
            yield total
            if total.value is not None:
                os.pwrite(descriptor, f"{total.value:0{DIGITS}d}".encode("ascii"), 0)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise LockedOutError("the ledger is locked by another process") from None
        time.sleep(POLL_SECONDS)
