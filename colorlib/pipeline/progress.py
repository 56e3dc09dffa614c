"""Progress of long stages: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from colorlib.pipeline.stage import console

SECONDS_BETWEEN_LINES = 10.0


class Advance(Protocol):
    """What is called after a piece of work, or several."""

    def __call__(self, note: str, pieces: int = 1) -> None:
        """Show that `pieces` more are done, and a few words on the state of things."""
        ...


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Yield a function to call after each of `total` pieces of work, with a few words on the state of things.

    Pieces that were done before (by a run that was killed) are to be told in one first call.
    """
    if console.is_terminal:
        columns = (
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(title, total=total, note="")
            yield lambda note, pieces=1: bar.update(task, advance=pieces, note=note)
    else:
        yield _plain(title, total)


def _plain(title: str, total: int) -> Advance:
    done, before, began, said = 0, 0, time.monotonic(), time.monotonic()

    def advance(note: str, pieces: int = 1) -> None:
        nonlocal done, before, said
        if done == 0 and pieces > 1:
            before = pieces
        done += pieces
        now = time.monotonic()
        if done == total or now - said >= SECONDS_BETWEEN_LINES:
            said = now
            left = (now - began) / max(1, done - before) * (total - done)
            words = f", {clock(left)} left" if done < total else ""
            print(f"{title} {done}/{total} {note}{words}".rstrip(), flush=True, file=sys.stdout)

    return advance


def clock(seconds: float) -> str:
    """A time as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
