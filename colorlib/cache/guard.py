"""A store that cannot hurt: its failures cost a bounded time, one line in the log, and no answer."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from colorlib.cache.breaker import Breaker
from colorlib.cache.entry import DamagedEntryError, unpack
from colorlib.cache.store import Store, StoreError, UnavailableError

QUIET_SECONDS = 600.0
"""A store that comes and goes is not warned of more often than this."""

_LOG = logging.getLogger("colorlib.cache")
_T = TypeVar("_T")


class Guard:
    """Asks a store as long as its breaker allows it, checks what it gives, and warns once an outage.

    Args:
        store: the store to ask.
        otherwise: what happens without it, for the warning.
        breaker: counts the failures.
        clock: seconds from any start, never backwards.
    """

    def __init__(
        self,
        store: Store,
        otherwise: str,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.breaker = breaker or Breaker(clock=clock)
        self._otherwise = otherwise
        self._clock = clock
        self._lock = threading.Lock()
        self._warned_at: float | None = None
        self._well = True  # since the last warning

    def get(self, key: str) -> NDArray[np.generic] | None:
        """The array, or None: not there, damaged (then it is removed), or the store cannot say."""
        asked, data = self._ask(lambda: self.store.get(key))
        if not asked:
            return None
        if data is None:
            self._succeeded()
            return None
        try:
            array = unpack(key, data)
        except DamagedEntryError as error:
            self._ask(lambda: self.store.remove(key))
            # Garbage may follow garbage, so it counts as a failure of the store.
            self._failed(UnavailableError(f"a damaged entry, {error}"), "it is removed")
            return None
        self._succeeded()
        return array

    def put(self, key: str, data: bytes) -> bool:
        """Whether the store has taken the entry."""
        taken, _ = self._ask(lambda: self.store.put(key, data))
        if taken and self.breaker.state != "closed":
            self._succeeded()  # the probe was this; while closed, only a sensible answer to a question shows health
        return taken

    def usage(self) -> tuple[int, int]:
        """Bytes held and entries evicted; zeros where the store cannot say."""
        _, usage = self._ask(self.store.usage)
        return usage or (0, 0)

    def _ask(self, call: Callable[[], _T]) -> tuple[bool, _T | None]:
        if not self.breaker.allows():
            return False, None
        try:
            return True, call()
        except StoreError as error:
            self._failed(error, self._otherwise)
            return False, None

    def _succeeded(self) -> None:
        if self.breaker.state != "closed":
            _LOG.info("cache: %s answers again", self.store.place)
        self.breaker.succeeded()
        with self._lock:
            self._well = True

    def _failed(self, error: StoreError, consequence: str) -> None:
        if isinstance(error, UnavailableError):
            self.breaker.failed()
        now = self._clock()
        with self._lock:
            again = self._warned_at is None or (self._well and now - self._warned_at >= QUIET_SECONDS)
            self._well = False
            if again:
                self._warned_at = now
        level = logging.WARNING if again else logging.DEBUG
        _LOG.log(level, "cache: %s: %s; %s", self.store.place, error, consequence)
