"""Photographs from file to file."""

import os
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from colorlib.errors import ColorlibError
from colorlib.inference.animation import FRAMES, animated, check_animation
from colorlib.inference.checks import check_blend
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.formats import DEEP, check_size, format_of
from colorlib.inference.memory import largest_tile, network_bytes, photograph_bytes, plan, probe_bytes, tiled_bytes
from colorlib.inference.photograph import MAX_PIXELS, Photograph, read_photograph
from colorlib.inference.rendering import DeepRows, render
from colorlib.inference.tiling import Progress
from colorlib.inference.writing import what_is_lost, write_deep, write_picture
from colorlib.ops.composition import AbMap

AUTO = "auto"


@dataclass(frozen=True)
class Options:
    """How to colorize, for files; each default is what a person most likely wants.

    Attributes:
        temperature: of the annealed mean, 10⁻⁶ to 1; None is the model's.
        blend: 0 (grey) to 1 (as predicted).
        tile: None shows the network the picture at its own size; a number works at full resolution in tiles of so many
            pixels, "auto" in the largest that pay and fit.
        overlap: of tiles in pixels; None follows the measured receptive field.
        global_pass: with tiles, take the large-scale colours from one look at the whole picture.
        max_pixels: beyond which a file is refused.
        memory_limit: bytes that the process may come to; on CUDA, that the batches may take of the GPU. None is none.
        force: replace existing pictures.
    """

    temperature: float | None = None
    blend: float = 1.0
    tile: int | str | None = None
    overlap: int | None = None
    global_pass: bool = True
    max_pixels: int = MAX_PIXELS
    memory_limit: int | None = None
    force: bool = False

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what no photograph can make right, before the first one is read.

        Raises:
            ColorlibError: a value out of range, or a temperature for a model that has none.
        """
        check_blend(self.blend)
        colorizer.temperature_or_default(self.temperature)
        if isinstance(self.tile, str) and self.tile != AUTO:
            raise ColorlibError(f"got tile {self.tile!r}, expected a number of pixels or {AUTO}")


@dataclass(frozen=True)
class Coloured:
    """One picture that was written.

    Attributes:
        source: the photograph.
        target: the picture in colour.
        clamped: share of its pixels, 0 to 1, that lost chroma to fit into sRGB.
        notes: what of the photograph could not be kept, a sentence each.
        seconds: from the first byte read to the last one written.
    """

    source: Path
    target: Path
    clamped: float
    notes: tuple[str, ...]
    seconds: float


def colorize_file(
    colorizer: Colorizer,
    source: Path,
    target: Path,
    options: Options | None = None,
    progress: Progress | None = None,
    animation: Path | None = None,
    frames: int = FRAMES,
) -> Coloured:
    """Colorize `source` into `target`, whose suffix gives the format; written to a temporary name, then renamed.

    Alpha, 16 bits, EXIF, resolution and texts are kept as far as the format holds them; a file with a colour profile
    becomes one in sRGB that says so. The picture is upright.

    Args:
        colorizer: the network.
        source: the photograph.
        target: the picture to write.
        options: how; None is `Options()`.
        progress: with tiles, called with (tiles done, tiles in all).
        animation: a .gif or .webp to write besides, from grey to colour; when one of both fails, neither is left.
        frames: of the animation.

    Raises:
        ColorlibError: `source` cannot be read, `target` exists and not `options.force`, it cannot be written, is also
            `animation` or `source`, its suffix is no format for colours or for so large a picture, or a memory limit
            cannot be met.
    """
    options = options or Options()
    options.check(colorizer)
    check_target(source, target, options.force)
    if animation is not None:
        check_not_source(source, animation)
        check_animation(animation, frames, options.force)
        if animation.absolute() == target.absolute():
            raise ColorlibError(f"{target} cannot be the picture and the animation: name another file for one of them")
    began = time.perf_counter()
    tile, batch = _sizes(colorizer, source, target, options)
    photograph = read_photograph(source, options.max_pixels)
    check_room(photograph, target)
    colours = colorizer.analyse(
        photograph, tile, options.overlap, options.global_pass, progress=progress, batch=batch
    ).ab(options.temperature)
    clear = animation is not None and photograph.pixels.mode == "RGBA"
    with nullcontext() if animation is None else animated(photograph, colours, animation, frames):
        clamped, notes = write_coloured(photograph, colours, target, options.blend)
    notes += ("the animation has no transparency: it lies on white",) if clear else ()
    return Coloured(source, target, clamped, notes, time.perf_counter() - began)


def check_target(source: Path, target: Path, force: bool) -> None:
    """Refuse a target that is the photograph itself, that exists, or whose suffix is no format for colours.

    Raises:
        ColorlibError: it is so.
    """
    check_not_source(source, target)
    if os.path.lexists(target) and not force:
        raise ColorlibError(f"{target} exists: name another output, or replace it with --force")
    format_of(target)


def check_not_source(source: Path, target: Path) -> None:
    """Refuse to write over a photograph what is made of it, also by another name, and whatever is forced.

    Raises:
        ColorlibError: both are one file.
    """
    same = False
    with suppress(OSError):  # one of them is not there
        same = source.samefile(target)
    if same:
        raise ColorlibError(f"{target} is the photograph itself, which would be lost: name another output")


def check_room(photograph: Photograph, target: Path) -> None:
    """Refuse a photograph that is too large for the format of its picture, before it is colorized.

    Raises:
        ColorlibError: it is.
    """
    channels = 4 if photograph.pixels.mode == "RGBA" else 3
    check_size(target, photograph.size, deep=0 if photograph.low is None else channels)


def write_coloured(photograph: Photograph, colours: AbMap, target: Path, blend: float) -> tuple[float, tuple[str, ...]]:
    """Render and write; the photograph's memory is used up. Returns the clamped share, and what could not be kept."""
    deep = photograph.low is not None
    notes = photograph.notes + what_is_lost(target, photograph.pixels.mode == "RGBA", deep, photograph.metadata)
    if deep and format_of(target) in DEEP:
        rows = DeepRows(photograph, colours, blend)
        write_deep(iter(rows), photograph.size, rows.channels, target, photograph.metadata)
        return rows.clamped, notes
    rendered = render(photograph, colours, blend, consume=True)
    write_picture(rendered.image, target, photograph.metadata)
    return rendered.clamped, notes


def _sizes(colorizer: Colorizer, source: Path, target: Path, options: Options) -> tuple[int | None, int | None]:
    """The tile and the batch, chosen before anything of the picture's size is allocated."""
    if options.memory_limit is None:
        return largest_tile(colorizer.engine) if isinstance(options.tile, str) else options.tile, None
    width, height, decoded = photograph_bytes(source, target, options.max_pixels)
    tile = options.tile if isinstance(options.tile, int) else None
    seen = colorizer.seen_size((width, height))
    tiled = options.tile is not None
    chosen = plan(
        colorizer.engine,
        options.memory_limit,
        size=seen,
        decoded=decoded + (tiled_bytes(colorizer.engine, width, height) if tiled else 0),
        tile=tile,
        auto=options.tile == AUTO,
        most=1 << 10 if tiled else 1,
        beside=_beside(colorizer, seen, options) if tiled else (),
    )
    return chosen.tile, chosen.batch


def _beside(colorizer: Colorizer, seen: tuple[int, int], options: Options) -> tuple[int, ...]:
    """Bytes of what is run before the tiles: the measurement of how far the network sees, and the look at the whole."""
    probe = probe_bytes(colorizer.engine) if colorizer.engine.device.type == "cpu" else 0
    return (probe, network_bytes(colorizer.engine, 1, *seen)) if options.global_pass else (probe,)
