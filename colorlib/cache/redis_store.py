"""Entries in a Redis that many processes and machines share."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from colorlib.cache.address import parse_address
from colorlib.cache.deadline import within
from colorlib.cache.store import DEFAULT_TTL, DeclinedError, UnavailableError
from colorlib.errors import ColorlibError

if TYPE_CHECKING:
    from redis import Redis

SECONDS = 0.5
"""The longest that one call may take, with connecting and the look-up of the name."""

CONNECT_SECONDS = 0.25
HEALTH_CHECK_SECONDS = 15  # a connection that was idle for longer is pinged before it is used
READ_BYTES = 1 << 20
LARGEST = 64 << 20  # bytes of an entry; what takes longer to send is better kept nearby
NAMESPACE = "colorlib:v1"

T = TypeVar("T")


class RedisStore:
    """Entries under `namespace:key` in a Redis server, which counts their time to live and evicts as it is set up.

    Every call ends within `seconds`, whatever the server does. What is told of an error is its kind only: a server may
    repeat in it what it was sent, credentials among it.

    Args:
        url: see `parse_address`. Nothing is connected before the first call.
        ttl: seconds that an entry lives after it was written.
        namespace: before every key, apart by a colon.
        seconds: the longest that one call may take.

    Raises:
        ColorlibError: a URL of another form, or the package `redis` is missing.
    """

    name: ClassVar[str] = "redis"

    def __init__(
        self, url: str, ttl: float = DEFAULT_TTL, namespace: str = NAMESPACE, seconds: float = SECONDS
    ) -> None:
        self._address = parse_address(url)
        self._ttl = ttl
        self._namespace = namespace
        self._seconds = seconds
        self._client = self._new_client()

    @property
    def place(self) -> str:
        """The server's address without credentials."""
        return str(self._address)

    def get(self, key: str) -> bytes | None:
        """The entry's bytes. Raises StoreError."""
        data = self._ask(lambda client: client.get(self._name(key)))
        return data if data is None or isinstance(data, bytes) else bytes(str(data), "utf-8")

    def put(self, key: str, data: bytes) -> None:
        """Write the entry. Raises StoreError."""
        if len(data) > LARGEST:
            raise DeclinedError(f"an entry of {len(data)} bytes is more than the {LARGEST} that go to Redis")
        self._ask(lambda client: client.set(self._name(key), data, px=max(1, round(1000 * self._ttl))))

    def remove(self, key: str) -> None:
        """Delete the entry. Raises StoreError."""
        self._ask(lambda client: client.delete(self._name(key)))

    def usage(self) -> tuple[int, int]:
        """The server's used memory in bytes, and the keys it has evicted since its start. Raises StoreError."""
        memory = self._ask(lambda client: client.info("memory"))
        stats = self._ask(lambda client: client.info("stats"))
        return int(memory.get("used_memory", 0)), int(stats.get("evicted_keys", 0))

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._client.close()

    def _name(self, key: str) -> str:
        return f"{self._namespace}:{key}"

    def _ask(self, call: "Callable[[Redis], T]") -> T:
        import redis

        client = self._client
        try:
            return within(self._seconds, lambda: call(client))
        except TimeoutError as error:
            self._client = self._new_client()
            client.connection_pool.disconnect()  # what is late must not be taken for the next answer
            raise UnavailableError(f"no answer within {self._seconds:g} s") from error
        except redis.ResponseError as error:
            raise DeclinedError(f"it refuses ({_kind(error)})") from None
        except Exception as error:
            # On garbage redis-py raises nearly anything (ValueError, IndexError, MemoryError, …).
            raise UnavailableError(f"no usable answer ({type(error).__name__})") from None

    def _new_client(self) -> "Redis":
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise ColorlibError(
                "a Redis cache needs the package redis: pip install 'colorful-colorization[cache]'"
            ) from error
        where = self._address
        return redis.Redis(
            host=where.host,
            port=where.port,
            unix_socket_path=where.path or None,
            db=where.db,
            username=where.username,
            password=where.password,
            socket_timeout=self._seconds,
            socket_connect_timeout=min(CONNECT_SECONDS, self._seconds),
            socket_read_size=READ_BYTES,
            health_check_interval=HEALTH_CHECK_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a server that was restarted is met at once, not after a failure
            protocol=2,
            ssl=where.tls,
            ssl_ca_certs=where.ca_certs,
        )


def _kind(error: Exception) -> str:
    """The first word of Redis's message where it is a code such as OOM, else the exception's name."""
    code = re.match(r"[A-Z]{2,20}\b", str(error))
    return code[0] if code else type(error).__name__
