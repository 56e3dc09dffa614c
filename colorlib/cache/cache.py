"""What a user of the cache holds: arrays under keys, in the first store that serves."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from colorlib.cache.entry import pack
from colorlib.cache.guard import Guard
from colorlib.cache.key import KEY
from colorlib.errors import ColorlibError


@dataclass(frozen=True)
class Statistics:
    """How a cache does.

    Attributes:
        hits: of `get`, since the cache was opened.
        misses: of `get`, since the cache was opened.
        evictions: entries removed for want of room: by this process (disk), by the server since its start (Redis).
        bytes: held: all entries (disk), the server's used memory (Redis).
        store: the one that serves now, "redis" or "disk".
    """

    hits: int
    misses: int
    evictions: int
    bytes: int
    store: str


class Cache:
    """Arrays under keys. It never raises for a store that fails: a lookup misses, and what is put is lost.

    Safe under threads and, as its stores are, under several processes.

    Args:
        guards: of the stores, the preferred one first; what the first cannot take, the next does.
    """

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = list(guards)
        self._lock = threading.Lock()
        self._hits = 0
        self._misses = 0

    def get(self, key: str) -> NDArray[np.generic] | None:
        """What was put under the key, as a writable array of its own; None if it is not to be had.

        Raises:
            ColorlibError: the key is not 64 hexadecimal digits.
        """
        _check(key)
        for guard in self._guards:
            array = guard.get(key)
            if array is not None:
                with self._lock:
                    self._hits += 1
                return array
        with self._lock:
            self._misses += 1
        return None

    def put(self, key: str, array: NDArray[np.generic]) -> None:
        """Keep a copy of the array in the first store that takes it.

        Raises:
            ColorlibError: the key is not 64 hexadecimal digits, or the array is not numeric.
        """
        _check(key)
        data = pack(key, array)
        any(guard.put(key, data) for guard in self._guards)

    def statistics(self) -> Statistics:
        """Counts so far, and what the serving store holds."""
        serving = next((guard for guard in self._guards if guard.breaker.state == "closed"), self._guards[-1])
        held, evictions = serving.usage()
        with self._lock:
            return Statistics(self._hits, self._misses, evictions, held, serving.store.name)

    def close(self) -> None:
        """Let go of connections; the entries stay."""
        for guard in self._guards:
            guard.store.close()

    def __enter__(self) -> "Cache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _check(key: str) -> None:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise ColorlibError(f"got the cache key {key!r}, expected 64 hexadecimal digits: make it with result_key")
