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
    results = profiler.profiler.kineto_results
    sizes: dict[int, int] = {}
    now, highest = 0, 0
    for event in sorted(_events(results.experimental_event_tree()), key=_start):
        what = event.extra_fields
        if event.name == BEGIN:
            highest = now
        elif isinstance(what, _ExtraFields_Allocation):
            # An end counts by what this profile saw given out: the size that torch tells may be that of a block of an
            # earlier profile, long gone, at the same address.
            if what.alloc_size > 0:
                sizes[what.ptr] = what.alloc_size
                now += what.alloc_size
            else:
                now -= sizes.pop(what.ptr, 0)
            highest = max(highest, now)
    return highest


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
