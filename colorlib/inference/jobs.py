"""What is to be done with a folder of photographs, and what became of it."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from colorlib.errors import ColorlibError
from colorlib.inference.files import Coloured
from colorlib.inference.formats import is_writable
from colorlib.inference.opening import picture_suffixes

MARK = ".colorized"  # in the name of a picture that lies beside its photograph


class Job(NamedTuple):
    """A photograph and where its picture goes; as an outcome: the picture was there already."""

    source: Path
    target: Path


class Failure(NamedTuple):
    """A photograph that could not be colorized, and why."""

    source: Path
    reason: str

    @classmethod
    def of(cls, source: Path, error: Exception) -> "Failure":
        """The failure as a sentence that names the photograph."""
        reason = str(error) or "it needs more memory than there is"  # as MemoryError, which says nothing
        return cls(source, reason if str(source) in reason else f"{source}: {reason}")


FAILURES = (ColorlibError, OSError, MemoryError)
"""What one photograph may raise without an end to the others."""

Outcome = Coloured | Failure | Job
Report = Callable[[Outcome], None]


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

    def add(self, outcome: Outcome) -> None:
        """Note one more."""
        if isinstance(outcome, Coloured):
            self.coloured.append(outcome)
        elif isinstance(outcome, Failure):
            self.failed.append(outcome)
        else:
            self.skipped.append(outcome)


def find_jobs(folder: Path, output: Path | None, recursive: bool) -> list[Job]:
    """The photographs of a folder, in order of their names, and where the pictures go.

    Every file with a picture's suffix is a photograph, but for pictures made by us and what lies in `output`; so is a
    link that leads nowhere, and a folder that cannot be looked into, for which reading gives the reason. Pictures keep
    their place and name; a format that does not hold colours well becomes a PNG (`scan.gif` -> `scan.gif.png`).

    Args:
        folder: where to look.
        output: a folder for the pictures, laid out as `folder` is; None puts each beside its photograph, named
            `photo.colorized.jpg`.
        recursive: look into folders below, too.

    Raises:
        ColorlibError: no photograph is there, `folder` cannot be looked into, or `output` is `folder`.
    """
    if output is not None and output.resolve() == folder.resolve():
        raise ColorlibError(f"{output} is the folder of the photographs itself: name another one with --output")
    jobs = []
    for source in sorted(_photographs(folder, output, recursive)):
        if output is None:
            jobs.append(Job(source, target_of(source, MARK)))
        else:
            jobs.append(Job(source, output / target_of(source).relative_to(folder)))
    if not jobs:
        below = "" if recursive else "; with --recursive, folders below it are searched too"
        raise ColorlibError(f"{folder} holds no photographs (JPEG, PNG, TIFF, WebP, …){below}")
    return jobs


def picture_of(photo: Path, output: Path | None) -> Path:
    """Where one photograph's picture goes: beside it, named `photo.colorized.jpg`; into a folder; to the file named."""
    if output is None:
        return target_of(photo, MARK)
    return output / target_of(photo).name if output.is_dir() else output


def target_of(source: Path, mark: str = "") -> Path:
    """A picture's name beside its photograph: `photo.jpg` -> `photo{mark}.jpg`, `scan.gif` -> `scan{mark}.gif.png`."""
    suffix = source.suffix if is_writable(source.suffix) else f"{source.suffix}.png"
    return source.with_name(f"{source.stem}{mark}{suffix}")


def sort_out(jobs: Sequence[Job], force: bool) -> tuple[list[Job], list[Outcome]]:
    """The jobs to work on, and those that need no work: the picture is there already, or is another photograph's.

    Args:
        jobs: as `find_jobs` lists them; of two with one target the first is worked on.
        force: existing pictures are made anew.
    """
    first: dict[Path, Path] = {}
    work, settled = list[Job](), list[Outcome]()
    for job in jobs:
        other = first.setdefault(job.target, job.source)
        if other != job.source:
            reason = f"{job.source}: its picture would be {job.target}, as that of {other}: rename one of them"
            settled.append(Failure(job.source, reason))
        elif os.path.lexists(job.target) and not force:
            settled.append(job)
        else:
            work.append(job)
    return work, settled


def _photographs(folder: Path, output: Path | None, recursive: bool) -> Iterator[Path]:
    ours = None if output is None else output.resolve()
    unreadable: list[OSError] = []
    for place, below, names in os.walk(folder, onerror=unreadable.append):
        below[:] = [name for name in below if recursive and Path(place, name).resolve() != ours]
        for name in names:
            path = Path(place, name)
            if path.suffix.lower() in picture_suffixes() and f"{MARK}." not in name:
                yield path
    for error in unreadable:
        if Path(error.filename) == folder:
            raise ColorlibError(f"{folder} cannot be looked into: {error.strerror}")
        yield Path(error.filename)
