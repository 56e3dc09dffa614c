"""Measuring side by side: contenders take turns in one process, medians are compared, memory is the process's peak."""

import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TURN = 0.05  # seconds
STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Mark:
    """A promise: `ours` is at least `factor` times as fast as the contender named `peer`."""

    peer: str
    factor: float


@dataclass(frozen=True)
class Limit:
    """A promise of the kind "at most": the measured `value` of `quantity`, in `unit`, does not exceed `most`."""

    quantity: str
    value: float
    most: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the limit was kept in this run; NaN keeps none."""
        return self.value <= self.most


@dataclass
class Row:
    """One operation, measured.

    Attributes:
        operation: what was done, with its size.
        milliseconds: median time of each contender; "ours" is the first.
        marks: what was promised about speed.
        limits: what was promised about errors and memory, with what was measured.
        facts: further numbers and remarks, by name.
    """

    operation: str
    milliseconds: dict[str, float]
    marks: list[Mark]
    facts: dict[str, str] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)

    def ratio(self, peer: str) -> float:
        """How many times as fast ours is as the peer."""
        return self.milliseconds[peer] / self.milliseconds["ours"]

    def met(self, mark: Mark) -> bool:
        """Whether a mark was reached in this run."""
        return self.ratio(mark.peer) >= mark.factor


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int, turn: float = TURN) -> dict[str, float]:
    """Run all contenders in turn, `rounds` times, and return each one's median time of a call in milliseconds.

    Taking turns lets a disturbance of the machine hit all alike. A turn repeats the call for about `turn` seconds, so
    that short calls do not just measure what the one before left behind (caches, spinning threads). With `turn` 0 each
    turn is one call, after a single call to warm up: for calls that take seconds.
    """
    repeats = {name: _repeats(contender, turn) for name, contender in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(1e3 * _seconds(contender, repeats[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def _repeats(contender: Callable[[], object], turn: float) -> int:
    contender()
    if turn == 0:
        return 1
    return max(1, round(turn / max(_seconds(contender, 2), 1e-6)))


def _seconds(contender: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        contender()
    return (time.perf_counter() - start) / repeats


def peak_extra_mebibytes(function: Callable[[], object], warm: bool = True) -> float:
    """Return by how much a call raises the peak of the process's resident memory above what it held before (Linux).

    The result of the call counts, as long as it is held. `warm` calls the function once before.
    """
    if warm:
        function()  # compiled code and libraries are loaded now, not while we watch
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = kibibytes("VmRSS")
    CLEAR_REFS.write_text("5")  # the peak starts again from here
    result = function()
    peak = kibibytes("VmHWM")
    del result
    return (peak - before) / 1024


def kibibytes(key: str) -> int:
    """An entry of this process's status, such as VmHWM, its highest resident memory (Linux)."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[key].split()[0])
