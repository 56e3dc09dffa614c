"""One visitor's desk: the photographs looked at, each of them seen by a network once."""

import threading
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


# sha256 of the photograph, the look, and with tiles the temperature that they were decoded at.
Key = tuple[str, Look, float | None]


class Desk:
    """The analyses of one visitor. Nobody else's: make one for each session."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._kept: OrderedDict[Key, Analysis] = OrderedDict()
        self._previews: OrderedDict[str, Photograph] = OrderedDict()
        self._lock = threading.Lock()  # a visitor moves a slider while tiles are worked on

    def temperature(self, look: Look, wanted: float | None) -> float | None:
        """The temperature that counts: None for a regression model, which has none.

        Raises:
            ColorlibError: the model cannot be loaded.
        """
        return None if self.shelf.colorizer(look.model).grid is None else wanted

    def analysis(self, upload: Upload, look: Look, temperature: float | None = None) -> Analysis:
        """The upload as the model sees it: in tiles where these are done at this temperature, else as a whole.

        The network looks at most once at a photograph as a whole, whatever the temperature.

        Raises:
            ColorlibError: the model cannot be loaded.
        """
        tiled: Key = (upload.sha256, look, self.temperature(look, temperature))
        key: Key = (upload.sha256, Look(look.model), None)
        colorizer = self.shelf.colorizer(look.model)
        with self._lock:
            if tiled in self._kept:
                key = tiled
            elif key not in self._kept:
                self._keep(key, colorizer.analyse(upload.photograph))
            self._kept.move_to_end(key)
            return self._kept[key]

    def in_tiles(self, upload: Upload, look: Look, temperature: float | None) -> bool:
        """Whether `analysis` gives tiles.

        Raises:
            ColorlibError: the model cannot be loaded.
        """
        return look.tile is not None and (upload.sha256, look, self.temperature(look, temperature)) in self._kept

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
        colorizer, chosen = self.shelf.colorizer(look.model), self.temperature(look, temperature)
        analysis = colorizer.analyse(upload.photograph, tile=look.tile, progress=progress, cancelled=cancelled)
        analysis.ab(chosen)
        with self._lock:
            self._keep((upload.sha256, look, chosen), analysis)

    def _keep(self, key: Key, analysis: Analysis) -> None:
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
        colours = self.analysis(upload, look, temperature).ab(self.temperature(look, temperature))
        rendered = render(self._small(upload), colours, blend)
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
        with self._lock:
            if upload.sha256 not in self._previews:
                width, height = upload.photograph.size
                scale = min(1.0, LONGEST_PREVIEW / max(width, height))
                size = (max(1, round(width * scale)), max(1, round(height * scale)))
                self._previews[upload.sha256] = Photograph(upload.photograph.resized(*size))
            self._previews.move_to_end(upload.sha256)
            while len(self._previews) > KEPT:
                self._previews.popitem(last=False)
            return self._previews[upload.sha256]
