"""Many photographs: decoding, the network and encoding side by side, failures noted, finished pictures left alone."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from PIL import Image
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.files import Coloured, Options, check_target, colorize_file, write_coloured
from colorlib.inference.looking import LONGEST
from colorlib.inference.memory import photograph_bytes, plan
from colorlib.inference.photograph import Photograph, read_photograph
from colorlib.inference.writing import is_writable
from colorlib.ops.composition import AbMap

MARK = ".colorized"  # in the name of a picture that lies beside its photograph
BATCH = {"cpu": 16, "cuda": 64}  # photographs that the network sees together
HELD = 1 << 29  # bytes of decoded photographs at the same time, unless one alone takes more
SHARE = 4  # of the room under a memory limit, one part in so many is for decoded photographs


class Job(NamedTuple):
    """A photograph and where its picture goes."""

    source: Path
    target: Path


class Failure(NamedTuple):
    """A photograph that could not be colorized, and why."""

    source: Path
    reason: str


@dataclass
class Summary:
    """What became of a folder.

    Attributes:
        coloured: the pictures written.
        skipped: jobs whose picture was there already.
        failed: with the reason.
    """

    coloured: list[Coloured] = field(default_factory=list)
    skipped: list[Job] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


Report = Callable[[Coloured | Failure | Job], None]  # a Job was skipped


def find_jobs(folder: Path, output: Path | None, recursive: bool) -> list[Job]:
    """The photographs of a folder, in order of their names, and where the pictures go.

    Every file with a picture's suffix is a photograph, but for pictures made by us and what lies in `output`. Pictures
    keep their place and name; a format that does not hold colours well becomes a PNG (`scan.gif` -> `scan.gif.png`).

    Args:
        folder: where to look.
        output: a folder for the pictures, laid out as `folder` is; None puts each beside its photograph, named
            `photo.colorized.jpg`.
        recursive: look into folders below, too.

    Raises:
        ColorlibError: no photograph is there, or `output` is `folder`.
    """
    if output is not None and output.resolve() == folder.resolve():
        raise ColorlibError(f"{output} is the folder of the photographs itself: name another one with --output")
    known = Image.registered_extensions()
    jobs = []
    for source in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        inside = output is not None and source.is_relative_to(output)
        if source.suffix.lower() not in known or f"{MARK}." in source.name or inside or not source.is_file():
            continue
        if output is None:
            jobs.append(Job(source, target_of(source, MARK)))
        else:
            jobs.append(Job(source, output / target_of(source).relative_to(folder)))
    if not jobs:
        below = "" if recursive else "; with --recursive, folders below it are searched too"
        raise ColorlibError(f"{folder} holds no photographs (JPEG, PNG, TIFF, WebP, …){below}")
    return jobs


def target_of(source: Path, mark: str = "") -> Path:
    """A picture's name beside its photograph: `photo.jpg` -> `photo{mark}.jpg`, `scan.gif` -> `scan{mark}.gif.png`."""
    suffix = source.suffix if is_writable(source.suffix) else f"{source.suffix}.png"
    return source.with_name(f"{source.stem}{mark}{suffix}")


def colorize_folder(colorizer: Colorizer, jobs: list[Job], options: Options, report: Report) -> Summary:
    """Colorize many files; what fails is noted and the rest goes on. A picture that exists is left alone.

    So an interrupted run goes on where it stopped: a picture has its name only when it is whole.

    Args:
        colorizer: the network.
        jobs: as `find_jobs` lists them.
        options: as for one file; with `force` nothing is skipped.
        report: called for each job when it is done, in this thread.

    Raises:
        ColorlibError: an option that no photograph can make right.
    """
    options.check(colorizer)
    summary = Summary()

    def note(outcome: Coloured | Failure | Job) -> None:
        if isinstance(outcome, Coloured):
            summary.coloured.append(outcome)
        elif isinstance(outcome, Failure):
            summary.failed.append(outcome)
        else:
            summary.skipped.append(outcome)
        report(outcome)

    open_jobs = []
    for job in jobs:
        if os.path.lexists(job.target) and not options.force:
            note(job)
        else:
            open_jobs.append(job)
    if options.tile is None:
        with _Pipeline(colorizer, options) as pipeline:
            for outcome in pipeline.run(open_jobs):
                note(outcome)
    else:
        for job in open_jobs:
            note(_one(colorizer, job, options))
    return summary


def _one(colorizer: Colorizer, job: Job, options: Options) -> Coloured | Failure:
    try:
        return colorize_file(colorizer, *job, options)
    except (ColorlibError, OSError) as error:
        return Failure(job.source, str(error))


class _Loaded(NamedTuple):
    job: Job
    photograph: Photograph
    look: Tensor
    began: float
    size: int  # bytes


class _Pipeline:
    """Readers, the network in this thread, and writers; what lies between them is bounded in bytes."""

    def __init__(self, colorizer: Colorizer, options: Options) -> None:
        self._colorizer, self._options = colorizer, options
        threads = max(2, (os.cpu_count() or 1) // 2)
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="colorlib-read")
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="colorlib-write")
        self._reading: deque[tuple[Future[_Loaded | Failure], int]] = deque()
        self._writing: deque[tuple[Future[Coloured | Failure], int]] = deque()
        self._waiting: dict[tuple[int, ...], list[_Loaded]] = {}
        self._held = 0  # bytes of the photographs between the first reader and the last writer
        self._batch = BATCH[colorizer.engine.device.type]
        self._room = HELD
        self._widest = (colorizer.size, LONGEST * colorizer.size)  # that the network is ever shown
        if options.memory_limit is not None:
            fits = plan(colorizer.engine, options.memory_limit, self._widest, 0, None, auto=False, most=self._batch)
            self._batch = fits.batch
            self._room = min(HELD, options.memory_limit // SHARE)

    def __enter__(self) -> "_Pipeline":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self._readers, self._writers):
            pool.shutdown(cancel_futures=True)

    def run(self, jobs: list[Job]) -> Iterator[Coloured | Failure]:
        """Yield an outcome for each job, in no particular order."""
        for job in jobs:
            try:
                size = self._admit(job)
            except ColorlibError as error:
                yield Failure(job.source, str(error))
                continue
            while self._held and self._held + size > self._room:
                yield from self._make_room()
            self._held += size
            self._reading.append((self._readers.submit(self._read, job, size), size))
            yield from self._collect(wait=len(self._reading) > 2 * self._batch)
        while self._reading:
            yield from self._collect(wait=True)
        while self._waiting:
            yield from self._colour(max(self._waiting, key=lambda shape: len(self._waiting[shape])))
        while self._writing:
            yield from self._finished(wait=True)

    def _admit(self, job: Job) -> int:
        """Bytes that the photograph will take; refused before it is decoded where they do not fit."""
        check_target(job.target, self._options.force)
        _, _, size = photograph_bytes(job.source, job.target, self._options.max_pixels)
        limit = self._options.memory_limit
        if limit is not None and size > self._room:
            plan(self._colorizer.engine, limit, self._widest, size, None, auto=False, most=1)
        return size

    def _read(self, job: Job, size: int) -> _Loaded | Failure:
        began = perf_counter()
        try:
            photograph = read_photograph(job.source, self._options.max_pixels)
            return _Loaded(job, photograph, self._colorizer.look(photograph), began, size)
        except (ColorlibError, OSError) as error:
            return Failure(job.source, str(error))

    def _collect(self, wait: bool) -> Iterator[Coloured | Failure]:
        """Take over what the readers have done, in order; colour what makes a full batch."""
        while self._reading and (wait or self._reading[0][0].done()):
            wait = False
            future, size = self._reading.popleft()
            loaded = future.result()
            if isinstance(loaded, Failure):
                self._held -= size
                yield loaded
                continue
            shape = tuple(loaded.look.shape)
            self._waiting.setdefault(shape, []).append(loaded)
            if len(self._waiting[shape]) >= self._batch:
                yield from self._colour(shape)
        yield from self._finished(wait=False)

    def _make_room(self) -> Iterator[Coloured | Failure]:
        if self._writing:
            yield from self._finished(wait=True)
        elif self._waiting:
            yield from self._colour(max(self._waiting, key=lambda shape: len(self._waiting[shape])))
        else:
            yield from self._collect(wait=True)

    def _colour(self, shape: tuple[int, ...]) -> Iterator[Coloured | Failure]:
        group = self._waiting.pop(shape)
        try:
            photographs, looks = [one.photograph for one in group], [one.look for one in group]
            colours = self._colorizer.colours(photographs, self._options.temperature, looks)
        except ColorlibError as error:
            self._held -= sum(one.size for one in group)
            yield from (Failure(one.job.source, str(error)) for one in group)
            return
        for one, ab in zip(group, colours, strict=True):
            self._writing.append((self._writers.submit(self._write, one, ab), one.size))

    def _write(self, loaded: _Loaded, colours: AbMap) -> Coloured | Failure:
        source, target = loaded.job
        try:
            clamped, notes = write_coloured(loaded.photograph, colours, target, self._options.blend)
        except (ColorlibError, OSError) as error:
            return Failure(source, str(error))
        return Coloured(source, target, clamped, notes, perf_counter() - loaded.began)

    def _finished(self, wait: bool) -> Iterator[Coloured | Failure]:
        while self._writing and (wait or self._writing[0][0].done()):
            wait = False
            future, size = self._writing.popleft()
            outcome = future.result()
            self._held -= size
            yield outcome
