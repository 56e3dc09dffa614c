"""How a stage ends: well, or with one clear message and a non-zero exit code."""

import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from rich.console import Console

from colorlib.errors import ColorlibError

INTERRUPTED = 130  # what a shell reports for Ctrl-C

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def run_stage(name: str, work: Callable[[], None]) -> NoReturn:
    """Run `work` and exit: 0, 1 after a `ColorlibError`, 130 after Ctrl-C. Others are bugs and pass through."""
    interrupted = False

    def interrupt(_signal: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        work()
    except (Exception, KeyboardInterrupt) as error:
        # A database that is interrupted may turn Ctrl-C into an error of its own.
        if interrupted or isinstance(error, KeyboardInterrupt):
            errors.print(f"{name}: interrupted; nothing half-written was left, start again to go on", markup=False)
            sys.exit(INTERRUPTED)
        if not isinstance(error, ColorlibError):
            raise
        errors.print(f"{name}: {error}", style="red", markup=False)
        sys.exit(1)
    sys.exit(0)
