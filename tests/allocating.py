"""What Python objects a piece of work takes at most."""

import tracemalloc
from collections.abc import Callable


def peak(work: Callable[[], object]) -> int:
    """Bytes of Python's own objects at the highest point of the work, the least of three times.

    Threads that other tests have left to end count too, and may allocate at any moment: what the work itself takes is
    there every time.
    """
    return min(once(work) for _ in range(3))


def once(work: Callable[[], object]) -> int:
    """Of one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
