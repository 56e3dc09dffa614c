"""How a stage ends: well, or with one clear message and a non-zero exit code."""

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
    try:
        work()
    except ColorlibError as error:
        errors.print(f"{name}: {error}", style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print(f"{name}: interrupted; nothing half-written was left, start again to go on", markup=False)
        sys.exit(INTERRUPTED)
    sys.exit(0)
