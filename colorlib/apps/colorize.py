"""`colorlib colorize`: a photograph, or a folder of them, in colour."""

import json
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from colorlib.apps.lines import one_line, say
from colorlib.errors import ColorlibError

if TYPE_CHECKING:
    from colorlib.inference.colorizer import Colorizer
    from colorlib.inference.files import Coloured, Options
    from colorlib.inference.jobs import Failure, Job, Report, Summary

Argument, Option = typer.Argument, typer.Option


def colorize(
    photo: Annotated[
        Path,
        Argument(help="A photograph, or a folder of them; only the lightness is looked at.", readable=False),
    ],
    model: Annotated[
        Path, Option(help="A folder that the pipeline wrote, such as models/class-313-rebalanced, or one with several.")
    ] = Path("models"),
    method: Annotated[
        Literal["classification", "regression"] | None,
        Option(help="Which kind of model, where --model holds several. Default: classification."),
    ] = None,
    output: Annotated[
        Path | None, Option(help="The picture, or a folder for the pictures. Default: photo.colorized.jpg beside it.")
    ] = None,
    recursive: Annotated[bool, Option("--recursive", help="Look into folders below, too.")] = False,
    temperature: Annotated[
        float | None,
        Option(min=0.01, max=1.0, help="Of the annealed mean: low is vivid, high muted. Default: the model's."),
    ] = None,
    blend: Annotated[float, Option(min=0.0, max=1.0, help="0 is grey, 1 is the predicted colour.")] = 1.0,
    animate: Annotated[
        Path | None, Option(help="Write an animation from grey to colour, too: a .gif or a .webp.")
    ] = None,
    frames: Annotated[int, Option(min=2, max=240, help="Of the animation.")] = 24,
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"],
        Option(help="Of the network. auto: fp16 on CUDA, bf16 on a CPU that has it, fp32 else."),
    ] = "auto",
    device: Annotated[Literal["auto", "cpu", "cuda"], Option(help="Where the network runs.")] = "auto",
    tile: Annotated[
        str | None, Option(help="Work at full resolution in tiles of so many pixels, or 'auto'. Default: no tiles.")
    ] = None,
    overlap: Annotated[
        int | None, Option(min=0, help="Of tiles, in pixels. Default: what the network's measured field needs.")
    ] = None,
    global_pass: Annotated[
        bool, Option("--global/--no-global", help="With tiles: large-scale colours from one look at the whole.")
    ] = True,
    memory_limit: Annotated[
        str | None, Option(help="Such as 6GiB: of the process; with CUDA, of the GPU's memory for batches.")
    ] = None,
    max_megapixels: Annotated[int, Option(min=1, help="Larger files are refused: any file can claim any size.")] = 268,
    cache: Annotated[
        str, Option(help="Where predicted colours are kept: none, disk, disk:PATH, redis://…, unix://…")
    ] = "none",
    scheduler: Annotated[
        str | None, Option(metavar="ADDRESS", help="Of a Dask cluster that colorizes the folder: tcp://host:8786.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="One JSON object a line: each file, then the summary.")] = False,
    force: Annotated[bool, Option("--force", help="Replace existing pictures; never the photograph itself.")] = False,
) -> None:
    """Colorize a photograph, or a folder: what is finished is skipped, what fails is listed and the rest goes on."""
    # Imported here so that `colorlib --help` does not wait for torch.
    from colorlib.cache import open_cache
    from colorlib.data.photos import reading
    from colorlib.inference.choice import find_model
    from colorlib.inference.colorizer import Colorizer
    from colorlib.inference.files import Options
    from colorlib.inference.folder import colorize_folder
    from footprint import FootprintError, parse_size

    try:
        limit = None if memory_limit is None else parse_size(memory_limit)
    except FootprintError as error:
        raise typer.BadParameter(str(error), param_hint="--memory-limit") from error
    options = Options(
        temperature=temperature,
        blend=blend,
        tile=_tile(tile),
        overlap=overlap,
        global_pass=global_pass,
        max_pixels=max_megapixels * 1_000_000,
        memory_limit=limit,
        force=force,
    )
    with reading(photo):
        many = stat.S_ISDIR(photo.stat().st_mode)
    if many and animate is not None:
        raise ColorlibError("--animate is for one photograph: name a file instead of a folder")
    if scheduler is not None:
        if not many:
            raise ColorlibError("--scheduler is for a folder of photographs: leave it out for a single one")
        from colorlib.pipeline.folders import colorize_on_workers, painter
        from colorlib.pipeline.workers import Workers

        using = painter(find_model(model, method), precision, device, cache)
        cluster = partial(colorize_on_workers, Workers(scheduler=scheduler), using)
        if ended := _folder(cluster, photo, output, recursive, options, as_json):
            raise typer.Exit(ended)
        return
    kept = open_cache(cache)
    try:
        colorizer = Colorizer.from_pretrained(find_model(model, method), precision, device, kept)
        if many:
            ended = _folder(partial(colorize_folder, colorizer), photo, output, recursive, options, as_json)
        else:
            ended = _file(colorizer, photo, output, options, animate, frames, as_json)
    finally:
        if kept is not None:
            kept.close()
    if ended:
        raise typer.Exit(ended)


def _file(
    colorizer: "Colorizer",
    photo: Path,
    output: Path | None,
    options: "Options",
    animate: Path | None,
    frames: int,
    as_json: bool,
) -> int:
    from colorlib.inference.files import colorize_file
    from colorlib.inference.jobs import Failure, picture_of

    target = picture_of(photo, output)
    try:
        with _bar("tiles", None, hidden=as_json or options.tile is None) as advance:
            coloured = colorize_file(colorizer, photo, target, options, advance, animate, frames)
    except ColorlibError as error:
        if not as_json:
            raise ColorlibError(one_line(str(error))) from error
        _line(_described(Failure(photo, str(error))))
        return 1
    if as_json:
        _line(_described(coloured) | ({} if animate is None else {"animation": str(animate)}))
        return 0
    say(f"{photo} -> {target} ({coloured.clamped:.1%} of the pixels clamped to sRGB)")
    for note in coloured.notes:
        say(f"{photo}: {note}")
    if animate is not None:
        say(f"{photo} -> {animate}")
    return 0


def _folder(
    work: Callable[[list["Job"], "Options", "Report"], "Summary"],
    folder: Path,
    output: Path | None,
    recursive: bool,
    options: "Options",
    as_json: bool,
) -> int:
    from colorlib.inference.jobs import find_jobs

    jobs = find_jobs(folder, output, recursive)
    done = 0
    with _bar("photographs", len(jobs), hidden=as_json) as advance:

        def report(outcome: "Coloured | Failure | Job") -> None:
            nonlocal done
            done += 1
            advance(done, len(jobs))
            if as_json:
                _line(_described(outcome))

        summary = work(jobs, options, report)
    counts = {
        "colorized": len(summary.coloured),
        "skipped": len(summary.skipped),
        "failed": len(summary.failed),
    }
    if as_json:
        _line({"summary": counts})
    else:
        for coloured in summary.coloured:
            for note in coloured.notes:
                say(f"{coloured.source}: {note}")
        there = f", {counts['skipped']} were there already" if summary.skipped else ""
        say(f"{counts['colorized']} colorized{there}, {counts['failed']} failed")
        for failure in summary.failed:
            say(f"failed: {failure.reason}", error=True)
    return 1 if summary.failed else 0


def _described(outcome: "Coloured | Failure | Job") -> dict[str, object]:
    from colorlib.inference.files import Coloured
    from colorlib.inference.jobs import Failure

    if isinstance(outcome, Coloured):
        return {
            "source": str(outcome.source),
            "status": "colorized",
            "target": str(outcome.target),
            "clamped": round(outcome.clamped, 6),
            "notes": list(outcome.notes),
            "seconds": round(outcome.seconds, 4),
        }
    if isinstance(outcome, Failure):
        return {"source": str(outcome.source), "status": "failed", "reason": outcome.reason}
    return {"source": str(outcome.source), "status": "skipped", "target": str(outcome.target)}


def _line(described: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(described) + "\n")  # in ASCII: a name may be no text in any encoding
    sys.stdout.flush()


def _tile(tile: str | None) -> int | str | None:
    if tile is None or tile == "auto":
        return tile
    if not tile.isdecimal():
        raise typer.BadParameter(f"{tile!r} is neither a number of pixels nor 'auto'", param_hint="--tile")
    return int(tile)


@contextmanager
def _bar(title: str, total: int | None, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal's error stream; nothing elsewhere."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=hidden or not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)
