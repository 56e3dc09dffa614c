"""What a run really takes: asked of the allocators, who know nothing of the tracker."""

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch._C._profiler import _ExtraFields_Allocation, _ProfilerEvent
from torch.profiler import ProfilerActivity, profile, record_function

from footprint.rehearse import TRAINING_ITERATIONS, Prepare
from footprint.sizes import FootprintError

BEGIN = "footprint: the first step"


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch computes in one thread, so that a prediction and a measurement are alike in every run.

    Both depend on the number: torch chooses its kernels by it, and what several threads hold at the same moment is a
    matter of chance.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def cpu_peak(prepare: Prepare, *, iterations: int = TRAINING_ITERATIONS) -> int:
    """Run the iterations on the CPU; the most bytes that torch's CPU allocator had given out, by its own record.

    What NumPy allocates is not in it.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # the profiler's own remarks are no matter of a user's
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        kept = prepare()  # the network stays alive, whether the step holds it or not
        with record_function(BEGIN):
            pass
        for _ in range(iterations):
            kept[1]()
    events = sorted(_events(profiler.profiler.kineto_results.experimental_event_tree()), key=_start)
    return highest(_record(events))


def highest(record: Iterable[tuple[int, int] | None]) -> int:
    """The most bytes in use at once, from the first step on.

    Args:
        record: in the order of time, (address, bytes) of each block that was given out, with a negative number at its
            end; None where the first step begins. An end counts by what the record says was given out at its address:
            torch tells the size of any block that any profile ever saw there, even one long gone. Where a block is
            given out at the address of another, that one has ended, seen or not.
    """
    sizes: dict[int, int] = {}
    now, most = 0, 0
    for block in record:
        if block is None:
            most = now
            continue
        address, size = block
        if size > 0:
            now += size - sizes.get(address, 0)
            sizes[address] = size
        else:
            now -= sizes.pop(address, 0)
        most = max(most, now)
    return most


def _record(events: Iterable[_ProfilerEvent]) -> Iterator[tuple[int, int] | None]:
    for event in events:
        what = event.extra_fields
        if event.name == BEGIN:
            yield None
        elif isinstance(what, _ExtraFields_Allocation):
            yield what.ptr, what.alloc_size


def _events(tree: Iterable[_ProfilerEvent]) -> Iterator[_ProfilerEvent]:
    for event in tree:
        yield event
        yield from _events(event.children)


def _start(event: _ProfilerEvent) -> int:
    return event.start_time_ns


@dataclass(frozen=True)
class CudaPeak:
    """Bytes on a GPU.

    Attributes:
        allocated: the most that tensors took, cuDNN's and cuBLAS's workspaces among them.
        reserved: the most that torch's allocator had from the driver; what exceeds `allocated` is unused.
        device: in use on the device at the end, by everybody: `reserved`, the context and other processes.
    """

    allocated: int
    reserved: int
    device: int


def cuda_available() -> bool:
    """Whether there is a GPU that torch can use."""
    return torch.cuda.is_available()


def cuda_peak(prepare: Prepare, *, iterations: int = TRAINING_ITERATIONS) -> CudaPeak:
    """Run the iterations on the GPU; `prepare` puts everything there.

    Raises:
        FootprintError: there is no GPU.
    """
    if not cuda_available():
        raise FootprintError("Got no CUDA device to measure on: run it on a machine with one, or predict only.")
    gc.collect()
    torch.cuda.empty_cache()
    kept = prepare()
    torch.cuda.reset_peak_memory_stats()  # what is predicted begins behind the preparation as well
    for _ in range(iterations):
        kept[1]()
    torch.cuda.synchronize()
    free, total = torch.cuda.mem_get_info()
    return CudaPeak(torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved(), total - free)
