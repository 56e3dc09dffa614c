"""Work that takes long enough to be watched and stopped: a large photograph, tile by tile."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from colorlib.apps.studio.desk import Desk, Wish


class Errand:
    """The network at work on all tiles of a photograph, in a thread of its own.

    Args:
        desk: where the result is found afterwards.
        wish: its look has a tile.
    """

    def __init__(self, desk: Desk, wish: Wish) -> None:
        self.wish = wish
        self.ready, self.all = 0, 0
        self._stop = threading.Event()
        pool = ThreadPoolExecutor(1)
        self._future: Future[None] = pool.submit(desk.work_in_tiles, wish, self._count, self._stop.is_set)
        pool.shutdown(wait=False)  # takes no second task; the thread ends with this one

    def _count(self, ready: int, all_: int) -> None:
        self.ready, self.all = ready, all_

    @property
    def done(self) -> bool:
        """Whether it ended: finished, stopped or failed."""
        return self._future.done()

    @property
    def share(self) -> float:
        """Of the tiles that are done, 0 to 1."""
        return self.ready / self.all if self.all else 0.0

    def in_words(self) -> str:
        """How far it is."""
        return f"{self.ready} of {self.all} tiles" if self.all else "The whole picture first …"

    def stop(self) -> None:
        """Ask it to end before the next tiles."""
        self._stop.set()

    def result(self, seconds: float | None = None) -> None:
        """Wait for the end.

        Args:
            seconds: to wait at most; None waits as long as it takes.

        Raises:
            ColorlibError: as `Desk.work_in_tiles`; `Cancelled` after `stop`.
            TimeoutError: it is not done by then.
        """
        self._future.result(seconds)
