"""One visitor's desk: the photographs looked at, each of them seen by a network once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from PIL import Image

from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload
from colorlib.inference.analysis import Analysis
from colorlib.inference.checks import check_blend
from colorlib.inference.photograph import Photograph
from colorlib.inference.rendering import Rendered, over_white, render
from colorlib.ops.composition import AbMap

KEPT = 8  # analyses a desk: a photograph under each of the pipeline's models, and one more
LONGEST_PREVIEW = 1024  # pixels: what a slider shows while it moves; files are made at full size
SIDES, USUAL_SIDE = (256, 512, 1024), 512  # of tiles, in pixels
NO_COLOUR = AbMap(torch.zeros(2, 1, 1), 1, 1, 1)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Look:
    """What the network was asked to do.

    Attributes:
        model: its name on the shelf.
        tile: side of the tiles in pixels, None for one look at the whole picture.
    """

    model: str
    tile: int | None = None


@dataclass(frozen=True)
class Wish:
    """What a visitor wants to see.

    Attributes:
        upload: the photograph.
        look: how the network sees it.
        temperature: of the annealed mean, 10⁻⁶ to 1; None is the model's own. A regression model has none: it does not
            count there.
        blend: 0 (grey) to 1 (as predicted).
    """

    upload: Upload
    look: Look
    temperature: float | None = None
    blend: float = 1.0


# sha256 of the photograph, the look, and with tiles the temperature that they were decoded at.
Key = tuple[str, Look, float | None]


class _Small(NamedTuple):
    """A photograph at screen size, and what it is without colour: L alone."""

    photograph: Photograph
    grey: Image.Image


class Desk:
    """The analyses of one visitor. Nobody else's: make one for each session."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._kept: OrderedDict[Key, Analysis] = OrderedDict()
        self._smalls: OrderedDict[str, _Small] = OrderedDict()
        # An `Analysis` answers one question at a time, and a visitor moves a slider while tiles are worked on.
        self._lock = threading.RLock()

    def colours(self, wish: Wish) -> AbMap:
        """The colours: from tiles where these are done at this temperature, else from a look at the whole picture.

        The network looks at most once at a photograph as a whole, whatever the temperature.

        Raises:
            ColorlibError: the model cannot be loaded, or a temperature out of range.
        """
        with self._lock:
            return self._analysis(wish).ab(self._temperature(wish))

    def distribution(self, wish: Wish, x: float, y: float) -> torch.Tensor:
        """What the model holds possible at a pixel of the photograph: Q probabilities, as `Analysis.distribution`.

        Raises:
            ColorlibError: as `colours`, a regression model, or a pixel outside the picture.
        """
        with self._lock:
            return self._analysis(Wish(wish.upload, Look(wish.look.model))).distribution(x, y)

    def in_tiles(self, wish: Wish) -> bool:
        """Whether `colours` come from tiles.

        Raises:
            ColorlibError: the model cannot be loaded.
        """
        return wish.look.tile is not None and self._tiled(wish) in self._kept

    def work_in_tiles(self, wish: Wish, progress: Progress, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Run the network over all tiles of a large photograph, so that `preview` and downloads find it done.

        Args:
            wish: its look has a tile; for another temperature the tiles run again.
            progress: called with (tiles done, tiles in all).
            cancelled: asked before each batch of tiles.

        Raises:
            ColorlibError: as `colours`; `Cancelled` when `cancelled` says so, and then nothing is kept.
        """
        colorizer = self.shelf.colorizer(wish.look.model)
        analysis = colorizer.analyse(
            wish.upload.photograph, tile=wish.look.tile, progress=progress, cancelled=cancelled
        )
        analysis.ab(self._temperature(wish))
        with self._lock:
            self._keep(self._tiled(wish), analysis)

    def preview(self, wish: Wish) -> tuple[Rendered, float]:
        """The picture at screen size, RGB over white, and the seconds it took; milliseconds once the network has run.

        Raises:
            ColorlibError: as `colours`, or a blend out of range.
        """
        check_blend(wish.blend)
        start = time.perf_counter()
        image, clamped = render(self._small(wish.upload).photograph, self.colours(wish), wish.blend)
        return Rendered(over_white(image), clamped), time.perf_counter() - start

    def original(self, upload: Upload) -> Image.Image:
        """The upload at screen size, upright, as RGB over white."""
        return over_white(self._small(upload).photograph.pixels).convert("RGB")

    def grey(self, upload: Upload) -> Image.Image:
        """The upload at screen size without colour: its L, as RGB over white."""
        return self._small(upload).grey

    def place(self, upload: Upload, x: float, y: float) -> tuple[float, float]:
        """The pixel of the photograph at pixel (x, y) of its preview."""
        (width, height), small = upload.photograph.size, self._small(upload).photograph.size
        return (
            min(width - 1.0, max(0.0, (x + 0.5) * width / small[0] - 0.5)),
            min(height - 1.0, max(0.0, (y + 0.5) * height / small[1] - 0.5)),
        )

    def _analysis(self, wish: Wish) -> Analysis:
        key = self._tiled(wish)
        if key not in self._kept:
            key = (wish.upload.sha256, Look(wish.look.model), None)
        if key not in self._kept:
            self._keep(key, self.shelf.colorizer(wish.look.model).analyse(wish.upload.photograph))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _temperature(self, wish: Wish) -> float | None:
        return None if self.shelf.colorizer(wish.look.model).grid is None else wish.temperature

    def _tiled(self, wish: Wish) -> Key:
        return wish.upload.sha256, wish.look, self._temperature(wish)

    def _keep(self, key: Key, analysis: Analysis) -> None:
        self._kept[key] = analysis
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _small(self, upload: Upload) -> _Small:
        with self._lock:
            if upload.sha256 not in self._smalls:
                small = upload.photograph.at_most(LONGEST_PREVIEW)
                self._smalls[upload.sha256] = _Small(small, over_white(render(small, NO_COLOUR).image))
            self._smalls.move_to_end(upload.sha256)
            while len(self._smalls) > KEPT:
                self._smalls.popitem(last=False)
            return self._smalls[upload.sha256]
