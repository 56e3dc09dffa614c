"""Whom an app answers while it listens to this machine alone."""

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def own_names(host: str) -> list[str]:
    """The names under which an app that listens at `host` may be asked; an empty list means any."""
    return list(LOOPBACK) if host in LOOPBACK else []


def guard(host: str) -> list[Middleware]:
    """Refuses a page elsewhere that gives its own name this machine's address (DNS rebinding)."""
    names = own_names(host)
    return [Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)] if names else []
