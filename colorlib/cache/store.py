"""What every store can do, and how it says that it cannot."""

from typing import ClassVar, Protocol

DAY = 86400.0  # seconds
DEFAULT_TTL = 30 * DAY


class StoreError(Exception):
    """The store did not do what it was asked; the message is for the log and holds no credentials."""


class UnavailableError(StoreError):
    """Nobody answers, too late, or not in Redis's language: asking again soon would only cost time."""


class DeclinedError(StoreError):
    """It answers, quickly, and will not do this: full, read-only, too large."""


class Store(Protocol):
    """Bytes under keys of 64 hexadecimal digits."""

    name: ClassVar[str]

    @property
    def place(self) -> str:
        """Where it is, for a person; without credentials."""

    def get(self, key: str) -> bytes | bytearray | None:
        """What was put there, or None. Raises StoreError."""

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` for the store's time to live. Raises StoreError."""

    def remove(self, key: str) -> None:
        """Forget the key, if it is there. Raises StoreError."""

    def usage(self) -> tuple[int, int]:
        """Bytes held, and entries evicted for want of room. Raises StoreError."""

    def close(self) -> None:
        """Let go of connections."""
