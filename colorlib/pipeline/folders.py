"""A folder of photographs, colorized by the workers of a Dask cluster that share one cache."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from colorlib.cache import open_cache
from colorlib.errors import ColorlibError
from colorlib.files import sweep
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.files import Coloured, Options
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import Failure, Job, Report, Summary, sort_out
from colorlib.models.resources import Device, Precision
from colorlib.pipeline.workers import Workers

CHUNK = 32  # photographs a piece of work: two batches on a CPU, and what is done again after a worker's death


@dataclass(frozen=True)
class Painter:
    """What each worker makes its colorizer from, once.

    Attributes:
        model: a model's folder, which the workers see under the same path.
        weights_sha256: of its weights; a worker that finds others refuses to work.
        precision: as for `Colorizer`; "auto" is decided by each worker's machine.
        device: as for `Colorizer`, likewise.
        cache: as for `open_cache`, seen from the workers. It may hold a password, hence is in no log.
    """

    model: Path
    weights_sha256: str
    precision: Precision = "auto"
    device: Device = "auto"
    cache: str = field(default="none", repr=False)


@dataclass(frozen=True)
class Chunk:
    """A piece of work: some photographs of a folder."""

    painter: Painter
    jobs: tuple[Job, ...]
    options: Options


def painter(model: Path, precision: Precision = "auto", device: Device = "auto", cache: str = "none") -> Painter:
    """Say what the workers shall use.

    Raises:
        ColorlibError: no model there, or a damaged one.
    """
    weights = Colorizer.from_pretrained(model, "fp32", "cpu").weights_sha256
    return Painter(model.resolve(), weights, precision, device, cache)


def colorize_on_workers(
    workers: Workers, painter: Painter, jobs: Sequence[Job], options: Options, report: Report
) -> Summary:
    """`colorize_folder` on many machines: what fails is noted and the rest goes on, a finished picture is left alone.

    So an interrupted run goes on where it stopped, and a worker that dies costs the time of its chunk: another takes
    the chunk over, and the pictures that the first had finished count as skipped.

    Args:
        workers: who does the work; they see photographs, pictures and model under the same absolute paths.
        painter: what they work with.
        jobs: as `find_jobs` lists them.
        options: as for one file; with `force` nothing is skipped. A memory limit is one for each worker.
        report: called for each job in the order of `jobs`, chunk by chunk, after those that are skipped at once.

    Raises:
        ColorlibError: an option that no photograph can make right, a worker that has another model or none, or what
            `Workers.map` raises.
    """
    summary = Summary()
    work, settled = sort_out(jobs, options.force)
    for outcome in settled:
        summary.add(outcome)
        report(outcome)
    absolute = [Job(job.source.absolute(), job.target.absolute()) for job in work]
    starts = range(0, len(absolute), CHUNK)
    chunks = [Chunk(painter, tuple(absolute[start : start + CHUNK]), options) for start in starts]
    if not chunks:
        return summary
    for outcomes in workers.map(colorize_chunk, chunks):
        for outcome in outcomes:
            summary.add(outcome)
            report(outcome)
    for folder in {job.target.parent for job in absolute}:
        if folder.is_dir():
            sweep(folder)  # what a dead worker had begun: the others had looked for such things before it died
    return summary


def colorize_chunk(chunk: Chunk) -> list[Coloured | Failure | Job]:
    """Colorize the photographs of a chunk in this process: the outcome of each, in the order of the jobs.

    Raises:
        ColorlibError: an option that no photograph can make right, or another model than expected.
    """
    outcomes: list[Coloured | Failure | Job] = []
    colorize_folder(_colorizer(chunk.painter), list(chunk.jobs), chunk.options, outcomes.append)
    place = {job.source: number for number, job in enumerate(chunk.jobs)}
    return sorted(outcomes, key=lambda outcome: place[outcome.source])


@lru_cache(maxsize=1)
def _colorizer(painter: Painter) -> Colorizer:
    colorizer = Colorizer.from_pretrained(painter.model, painter.precision, painter.device, open_cache(painter.cache))
    if colorizer.weights_sha256 != painter.weights_sha256:
        raise ColorlibError(
            f"{painter.model} holds other weights on a worker than here: all have to see the same folder"
        )
    return colorizer
