"""Progress of long stages: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from colorlib.pipeline.stage import console

SECONDS_BETWEEN_LINES = 10.0

Advance = Callable[[str], None]


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Yield a function to call after each of `total` pieces of work, with a few words on the state of things."""
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
            yield lambda note: bar.update(task, advance=1, note=note)
    else:
        yield _plain(title, total)


def _plain(title: str, total: int) -> Advance:
    done, said = 0, time.monotonic()

    def advance(note: str) -> None:
        nonlocal done, said
        done += 1
        if done == total or time.monotonic() - said >= SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            print(f"{title} {done}/{total} {note}".rstrip(), flush=True, file=sys.stdout)

    return advance
