"""A call that is waited for only so long, whatever it does."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Call(Generic[T]):
    """A call on a thread of its own, with its outcome."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.done = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result.append(self._call())
        except Exception as error:  # handed to whoever waits
            self.error = error
        self.done.set()


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call()`, or its exception.

    Timeouts of sockets are a time for each packet and none for names to be looked up: a server that sends a byte now
    and then holds its caller for ever. The thread of a call that came too late is left to itself and ends no program's
    exit (daemon).

    Raises:
        TimeoutError: it took longer than `seconds`.
    """
    running = _Call(call)
    threading.Thread(target=running.run, daemon=True, name="colorlib-cache").start()
    if not running.done.wait(seconds):
        raise TimeoutError(f"no answer within {seconds:g} s")
    if running.error is not None:
        raise running.error
    return running.result[0]
