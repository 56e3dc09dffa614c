"""From what a user writes after `--cache` to a cache."""

import sys
from pathlib import Path

from colorlib.cache.breaker import Breaker
from colorlib.cache.cache import Cache
from colorlib.cache.disk import DEFAULT_SIZE_LIMIT, DiskStore
from colorlib.cache.guard import Guard
from colorlib.cache.location import user_cache_folder
from colorlib.cache.store import DEFAULT_TTL
from colorlib.errors import ColorlibError

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def open_cache(
    url: str,
    *,
    directory: str | Path | None = None,
    size_limit: int = DEFAULT_SIZE_LIMIT,
    ttl: float = DEFAULT_TTL,
) -> Cache | None:
    """Open a cache; a server that is not there is no error, the disk serves then.

    Args:
        url: "none"; "disk", in the user's cache folder; "disk:PATH"; "redis://[[user]:password@]host[:port][/db]",
            "rediss://…" for TLS, "unix://[[user]:password@]/path/of/socket[?db=0]".
        directory: of the disk store, for "disk" and behind Redis; by default `user_cache_folder()`.
        size_limit: bytes of the disk store.
        ttl: seconds that an entry lives after it was written.

    Returns:
        None for "none".

    Raises:
        ColorlibError: another URL, a limit or ttl that is not positive, or the package `redis` is missing.
    """
    if url == "none":
        return None
    if not size_limit > 0 or not ttl > 0:
        raise ColorlibError(f"the cache got size_limit={size_limit} and ttl={ttl}: both must be positive")
    if url == "disk" or url.startswith("disk:"):
        named = url.removeprefix("disk").removeprefix(":")
        if url == "disk:":
            raise ColorlibError("the cache got 'disk:' without a folder: write disk:PATH, or disk for the usual place")
        return Cache([_disk(Path(named).expanduser() if named else directory, size_limit, ttl)])
    if url.startswith(REDIS_SCHEMES):
        from colorlib.cache.redis_store import RedisStore

        redis = Guard(RedisStore(url, ttl=ttl), "the disk cache takes over")
        return Cache([redis, _disk(directory, size_limit, ttl)])
    scheme = url.partition(":")[0]  # the rest may hold a password
    raise ColorlibError(
        f"no cache is called {scheme!r}: use none, disk, disk:PATH, redis://host:port, rediss://… or unix:///socket"
    )


def _disk(directory: str | Path | None, size_limit: int, ttl: float) -> Guard:
    folder = Path(directory) if directory is not None else user_cache_folder()
    never = Breaker(failures=sys.maxsize)  # a disk that fails costs no time, and its other entries may be whole
    return Guard(DiskStore(folder, size_limit=size_limit, ttl=ttl), "results are not kept", never)
