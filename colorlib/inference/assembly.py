"""Reading, the network and writing side by side, for many photographs that the network sees whole."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.files import Coloured, Options, check_room, check_target, write_coloured
from colorlib.inference.jobs import FAILURES, Failure, Job
from colorlib.inference.looking import LONGEST
from colorlib.inference.memory import photograph_bytes, plan
from colorlib.inference.photograph import Photograph, read_photograph
from colorlib.ops.composition import AbMap

BATCH = {"cpu": 4, "cuda": 64}  # photographs that the network sees together
HELD = 1 << 29  # bytes of decoded photographs at the same time, unless one alone takes more
SHARE = 4  # of the room under a memory limit, one part in so many is for decoded photographs

T = TypeVar("T")
Outcomes = Iterator[Coloured | Failure]


class _Loaded(NamedTuple):
    job: Job
    photograph: Photograph
    look: Tensor
    began: float
    size: int  # bytes


class Assembly:
    """Readers, networks and writers, each on threads of their own; what lies between them is bounded in bytes.

    On a CPU as many batches run at once as torch has threads, each on one thread: a batch that is shared out among
    threads waits, spinning, whenever one of them has to give way to a reader or a writer. A GPU sees one batch at once.

    Used in a `with` block.

    Args:
        colorizer: the network.
        options: as for one file; without tiles.

    Raises:
        ColorlibError: a memory limit under which not even one picture of the network's size fits.
    """

    def __init__(self, colorizer: Colorizer, options: Options) -> None:
        self._colorizer, self._options = colorizer, options
        self._threads = torch.get_num_threads()
        device = colorizer.engine.device.type
        self._networks = self._threads if device == "cpu" else 1
        self._batch = BATCH[device]
        self._room = HELD
        self._widest = (colorizer.size, LONGEST * colorizer.size)  # that the network is ever shown
        if options.memory_limit is not None:
            most = self._batch * self._networks
            fits = plan(colorizer.engine, options.memory_limit, self._widest, 0, None, auto=False, most=most)
            self._networks = min(self._networks, fits.batch)
            self._batch = fits.batch // self._networks
            self._room = min(HELD, options.memory_limit // SHARE)
        helpers = max(2, (os.cpu_count() or 1) // 2)
        self._readers, self._painters, self._writers = (
            ThreadPoolExecutor(size, f"colorlib-{name}", torch.set_num_threads, (1,))
            for name, size in (("read", helpers), ("network", self._networks), ("write", helpers))
        )
        self._pending: dict[Future[Any], Callable[[], Outcomes]] = {}  # and what follows when it is done
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()
        self._reading = 0  # files
        self._waiting: dict[tuple[int, ...], list[_Loaded]] = {}  # for a full batch, by shape
        self._held = 0  # bytes of the photographs between the first reader and the last writer

    def __enter__(self) -> "Assembly":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self._readers, self._painters, self._writers):
            pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)  # threads that begin later would take over what the pools' were told

    def run(self, jobs: list[Job]) -> Outcomes:
        """Yield an outcome for each job, in no particular order."""
        for job in jobs:
            try:
                size = self._admit(job)
            except ColorlibError as error:
                yield Failure.of(job.source, error)
                continue
            while self._reading > 2 * self._batch * self._networks or (self._held and self._held + size > self._room):
                yield from self._step()
            self._held += size
            self._reading += 1
            self._start(self._readers, partial(self._read, job, size), self._gather)
        while self._held:
            yield from self._step()

    def _admit(self, job: Job) -> int:
        """Bytes that the photograph will take; refused before it is decoded where they do not fit."""
        check_target(job.source, job.target, self._options.force)
        _, _, size = photograph_bytes(job.source, job.target, self._options.max_pixels)
        limit = self._options.memory_limit
        if limit is not None and size > self._room:
            plan(self._colorizer.engine, limit, self._widest, size, None, auto=False, most=1)
        return size

    def _start(self, pool: ThreadPoolExecutor, work: Callable[[], T], then: Callable[[T], Outcomes]) -> None:
        future = pool.submit(work)
        self._pending[future] = lambda: then(future.result())
        future.add_done_callback(self._done.put)

    def _step(self) -> Outcomes:
        """Wait until something is done and hand it on; when nothing more is being read, batches are full enough."""
        if self._reading == 0:
            for shape in list(self._waiting):
                self._colour(shape)
        yield from self._pending.pop(self._done.get())()

    def _read(self, job: Job, size: int) -> tuple[int, _Loaded | Failure]:
        began = perf_counter()
        try:
            photograph = read_photograph(job.source, self._options.max_pixels)
            check_room(photograph, job.target)
            return size, _Loaded(job, photograph, self._colorizer.look(photograph), began, size)
        except FAILURES as error:
            return size, Failure.of(job.source, error)

    def _gather(self, read: tuple[int, _Loaded | Failure]) -> Outcomes:
        self._reading -= 1
        size, loaded = read
        if isinstance(loaded, Failure):
            self._held -= size
            yield loaded
        else:
            shape = tuple(loaded.look.shape)
            self._waiting.setdefault(shape, []).append(loaded)
            if len(self._waiting[shape]) >= self._batch:
                self._colour(shape)

    def _colour(self, shape: tuple[int, ...]) -> None:
        group = self._waiting.pop(shape)
        self._start(self._painters, partial(self._paint, group), partial(self._hand_on, group))

    def _paint(self, group: list[_Loaded]) -> list[AbMap] | ColorlibError:
        photographs, looks = [one.photograph for one in group], [one.look for one in group]
        try:
            return self._colorizer.colours(photographs, self._options.temperature, looks)
        except ColorlibError as error:
            return error

    def _hand_on(self, group: list[_Loaded], colours: list[AbMap] | ColorlibError) -> Outcomes:
        if isinstance(colours, ColorlibError):
            self._held -= sum(one.size for one in group)
            yield from (Failure.of(one.job.source, colours) for one in group)
        else:
            for one, ab in zip(group, colours, strict=True):
                self._start(self._writers, partial(self._write, one, ab), partial(self._finish, one.size))

    def _write(self, loaded: _Loaded, colours: AbMap) -> Coloured | Failure:
        source, target = loaded.job
        try:
            clamped, notes = write_coloured(loaded.photograph, colours, target, self._options.blend)
        except FAILURES as error:
            return Failure.of(source, error)
        return Coloured(source, target, clamped, notes, perf_counter() - loaded.began)

    def _finish(self, size: int, outcome: Coloured | Failure) -> Outcomes:
        self._held -= size
        yield outcome
