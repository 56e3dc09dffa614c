"""Addresses of Redis servers, read strictly and shown without credentials."""

import urllib.parse
from dataclasses import dataclass, field

from colorlib.errors import ColorlibError

DEFAULT_PORT = 6379
FORMS = "redis://[[user]:password@]host[:port][/db], rediss://… for TLS, or unix://[[user]:password@]/path/of/socket"


@dataclass(frozen=True)
class Address:
    """Where a Redis server is and who asks; its text and its repr hold no credentials.

    Attributes:
        host: of a TCP server; "" for a socket.
        port: of a TCP server.
        path: of a Unix socket; "" for TCP.
        db: number of the database.
        tls: whether the connection is encrypted.
        ca_certs: file of the authorities that a TLS certificate may come from; the system's where None.
    """

    host: str
    port: int
    path: str
    db: int
    tls: bool = False
    ca_certs: str | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        if self.path:
            return f"unix://{self.path}?db={self.db}"
        return f"{'rediss' if self.tls else 'redis'}://{self.host}:{self.port}/{self.db}"


def parse_address(url: str) -> Address:
    """Read a URL of one of `FORMS`; `?db=` and, for TLS, `?ssl_ca_certs=` may follow.

    Raises:
        ColorlibError: another form. The message shows nothing of the URL but its scheme, since a password may stand
            anywhere in what is not understood.
    """
    scheme = url.partition("://")[0]
    try:
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        db = int(query.pop("db", "") or (parts.path.strip("/") if scheme != "unix" else "") or "0")
        ca_certs = query.pop("ssl_ca_certs", None) if scheme == "rediss" else None
        port = parts.port or DEFAULT_PORT
        named = bool(parts.path) if scheme == "unix" else bool(parts.hostname)
    except ValueError:
        named, query = False, {}
    if not named or query or parts.fragment or db < 0:
        raise ColorlibError(
            f"the cache's {scheme} address is not understood (it is not shown, since it may hold a password): "
            f"write {FORMS}, and the signs @ : / ? # of a password as %40 %3A %2F %3F %23"
        ) from None
    unix = scheme == "unix"
    return Address(
        host="" if unix else str(parts.hostname),
        port=0 if unix else port,
        path=urllib.parse.unquote(parts.path) if unix else "",
        db=db,
        tls=scheme == "rediss",
        ca_certs=ca_certs,
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
    )


def _unquoted(text: str | None) -> str | None:
    return urllib.parse.unquote(text) if text else None
