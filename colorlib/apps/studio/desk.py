"""One visitor's desk: the photographs looked at, each of them seen by a network once."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload
from colorlib.inference.analysis import Analysis
from colorlib.inference.photograph import Photograph
from colorlib.inference.rendering import Rendered, render

KEPT = 8  # analyses a desk: a photograph under each of the pipeline's models, and one more
LONGEST_PREVIEW = 1024  # pixels: what a slider shows while it moves; files are made at full size

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


class Desk:
    """The analyses of one visitor. Nobody else's: make one for each session."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._kept: OrderedDict[tuple[str, Look], Analysis] = OrderedDict()
        self._previews: OrderedDict[str, Photograph] = OrderedDict()

    def analysis(self, upload: Upload, look: Look) -> Analysis:
        """The upload as the model sees it; the network runs at most once for it (for tiles, once a temperature).

        Raises:
            ColorlibError: the model cannot be loaded.
        """
        key = (upload.sha256, look)
        if key not in self._kept:
            self._keep(key, self.shelf.colorizer(look.model).analyse(upload.photograph, tile=look.tile))
        self._kept.move_to_end(key)
        return self._kept[key]

    def work_in_tiles(
        self,
        upload: Upload,
        look: Look,
        temperature: float | None,
        progress: Progress,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run the network over all tiles of a large photograph, so that `preview` and downloads find it done.

        Args:
            upload: the photograph.
            look: with a tile.
            temperature: of the annealed mean; for another one the tiles run again.
            progress: called with (tiles done, tiles in all).
            cancelled: asked before each batch of tiles.

        Raises:
            ColorlibError: as `analysis`; `Cancelled` when `cancelled` says so, and then nothing is kept.
        """
        colorizer = self.shelf.colorizer(look.model)
        analysis = colorizer.analyse(upload.photograph, tile=look.tile, progress=progress, cancelled=cancelled)
        analysis.ab(None if analysis.method == "regression" else temperature)
        self._keep((upload.sha256, look), analysis)

    def _keep(self, key: tuple[str, Look], analysis: Analysis) -> None:
        self._kept[key] = analysis
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def preview(
        self, upload: Upload, look: Look, temperature: float | None = None, blend: float = 1.0
    ) -> tuple[Rendered, float]:
        """The picture at screen size, and the seconds it took; milliseconds once the network has run.

        Raises:
            ColorlibError: as `analysis`, or a temperature or blend out of range.
        """
        start = time.perf_counter()
        analysis = self.analysis(upload, look)
        chosen = None if analysis.method == "regression" else temperature
        rendered = render(self._small(upload), analysis.ab(chosen), blend)
        return rendered, time.perf_counter() - start

    def original(self, upload: Upload) -> Image.Image:
        """The upload at screen size, upright, as RGB."""
        return self._small(upload).pixels.convert("RGB")

    def place(self, upload: Upload, x: float, y: float) -> tuple[float, float]:
        """The pixel of the photograph at pixel (x, y) of its preview."""
        (width, height), small = upload.photograph.size, self._small(upload).size
        return min(width - 1.0, (x + 0.5) * width / small[0] - 0.5), min(
            height - 1.0, (y + 0.5) * height / small[1] - 0.5
        )

    def _small(self, upload: Upload) -> Photograph:
        if upload.sha256 not in self._previews:
            width, height = upload.photograph.size
            scale = min(1.0, LONGEST_PREVIEW / max(width, height))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            self._previews[upload.sha256] = Photograph(upload.photograph.resized(*size))
        self._previews.move_to_end(upload.sha256)
        while len(self._previews) > KEPT:
            self._previews.popitem(last=False)
        return self._previews[upload.sha256]
