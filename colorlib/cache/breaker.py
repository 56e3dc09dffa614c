"""A circuit breaker: after some failures in a row, nobody is asked for a while; then one call tries."""

import threading
import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half-open"]

FAILURES = 3
OPEN_SECONDS = 30.0


class Breaker:
    """Says whether a service may be asked, from how the last calls went; safe under threads.

    Closed: calls go through. Open: none does, until `seconds` have passed. Half-open: one call goes through as a probe;
    its success closes the breaker, its failure opens it again.

    Args:
        failures: in a row, after which it opens.
        seconds: that it stays open.
        clock: seconds from any start, never backwards.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until: float | None = None  # while open or half-open: when the next probe may go

    @property
    def state(self) -> State:
        """What the next caller would meet."""
        with self._lock:
            if self._until is None:
                return "closed"
            return "open" if self._clock() < self._until else "half-open"

    def allows(self) -> bool:
        """Whether to ask now; a probe that is allowed must report how it went, or the next one waits `seconds`."""
        with self._lock:
            if self._until is None:
                return True
            now = self._clock()
            if now < self._until:
                return False
            self._until = now + self._seconds  # the probe's: others do not follow it
            return True

    def succeeded(self) -> None:
        """A call went well."""
        with self._lock:
            self._failures = 0
            self._until = None

    def failed(self) -> None:
        """A call failed."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._until = self._clock() + self._seconds
