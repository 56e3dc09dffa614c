"""A command and all processes that it starts: how long, how much of the processors, how much memory."""

import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

WATCH = 0.3  # seconds between two looks at the memory; to ask more often would slow down what is measured


@dataclass(frozen=True)
class Spent:
    """What a command took.

    Attributes:
        seconds: by the clock.
        processor: seconds of all processors together.
        mebibytes: the most that all its processes held together; pages that they share count once.
        status: its exit code.
    """

    seconds: float
    processor: float
    mebibytes: float
    status: int


def watched(
    command: Sequence[str], environment: Mapping[str, str], statuses: Sequence[int] = (0, 1), pause: float = WATCH
) -> Spent:
    """Run a command; what it prints goes nowhere.

    Raises:
        RuntimeError: it ended with a status that is not among `statuses`.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(pause)
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in statuses:
        raise RuntimeError(f"`{' '.join(command)}` ended with {process.returncode}: run it by hand")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(seconds, processor, peak, process.returncode)


def resident(pid: int) -> float:
    """MiB of memory of a process and those below it; pages that they share count once (proportional set size)."""
    total = 0
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            total += each.memory_full_info().pss
    except psutil.Error:
        return 0.0  # it has just ended
    return total / 2**20
