"""A folder of photographs: failures noted, finished pictures left alone."""

from colorlib.inference.assembly import Assembly
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.files import Coloured, Options, colorize_file
from colorlib.inference.jobs import FAILURES, Failure, Job, Report, Summary, sort_out


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
        summary.add(outcome)
        report(outcome)

    work, settled = sort_out(jobs, options.force)
    for outcome in settled:
        note(outcome)
    if options.tile is None:
        with Assembly(colorizer, options) as line:
            for outcome in line.run(work):
                note(outcome)
    else:
        for job in work:
            note(_one(colorizer, job, options))
    return summary


def _one(colorizer: Colorizer, job: Job, options: Options) -> Coloured | Failure:
    try:
        return colorize_file(colorizer, *job, options)
    except FAILURES as error:
        return Failure.of(job.source, error)
