"""How often an outage is warned of, and who may be the probe."""

import pytest

from colorlib.cache.breaker import Breaker
from colorlib.cache.guard import QUIET_SECONDS, Guard
from colorlib.cache.store import UnavailableError
from tests.colorlib.cache.trouble import Clock, warnings

pytestmark = pytest.mark.usefixtures("all_of_the_log")


class Moody:
    """A store that fails when told to."""

    name = "redis"
    place = "somewhere"

    def __init__(self) -> None:
        self.error: Exception | None = None

    def get(self, key: str) -> None:  # noqa: ARG002
        if self.error:
            raise self.error

    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002
        self.get(key)

    def close(self) -> None:
        return


def test_a_store_that_comes_and_goes_is_warned_of_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)

    def outage_and_recovery() -> None:
        for store.error in (UnavailableError("down"), None):
            clock.now += 1
            guard.get("a" * 64)

    for _ in range(5):
        outage_and_recovery()
    assert warnings(caplog) == ["cache: somewhere: down; on we go"]
    clock.now += QUIET_SECONDS
    outage_and_recovery()
    assert len(warnings(caplog)) == 2


def test_an_outage_that_lasts_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)
    store.error = UnavailableError("down")
    for _ in range(5):
        clock.now += QUIET_SECONDS
        guard.get("a" * 64)
    assert len(warnings(caplog)) == 1


def test_what_is_put_may_be_the_probe() -> None:
    clock, store = Clock(), Moody()
    guard = Guard(store, "on we go", Breaker(failures=1, seconds=1, clock=clock), clock)
    store.error = UnavailableError("down")
    assert not guard.put("a" * 64, b"")
    store.error = None
    assert not guard.put("a" * 64, b"")
    clock.now += 1
    assert guard.put("a" * 64, b"")
    assert guard.breaker.state == "closed"
