"""A photograph that the network has seen: what it may become costs milliseconds from here on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.inference.checks import check_blend
from colorlib.inference.photograph import Photograph
from colorlib.inference.rendering import Rendered, render
from colorlib.ops.composition import AbMap

if TYPE_CHECKING:
    from colorlib.inference.colorizer import Colorizer


class Analysis:
    """What a network says about one photograph. Made by `Colorizer.analyse`.

    Attributes:
        photograph: upright, with its metadata.
        seen: height and width of what the network was shown of the whole picture.
    """

    def __init__(
        self,
        colorizer: "Colorizer",
        photograph: Photograph,
        seen: tuple[int, int],
        look: Callable[[], Tensor],
        full: Callable[[float | None], AbMap] | None = None,
        first: Callable[[float | None], AbMap] | None = None,
    ) -> None:
        """Hold what is needed to run the network, at most once each way.

        Args:
            colorizer: whose network and decoding.
            photograph: what is coloured.
            seen: as the attribute.
            look: the network's output for the whole picture, 1×C×h×w.
            full: ab at full resolution for a temperature, where the picture is tiled.
            first: ab for the temperature that is asked for first, where a cache may know it; for more of them the
                network's output is kept, which costs less than a look into the cache.
        """
        self._colorizer = colorizer
        self.photograph = photograph
        self.seen = seen
        self._look = look
        self._full = full
        self._first = first
        self._output: Tensor | None = None
        self._kept: tuple[float, AbMap] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright photograph."""
        return self.photograph.size

    @property
    def method(self) -> str:
        """ "classification" or "regression"."""
        return self._colorizer.method

    @property
    def output(self) -> Tensor:
        """Logits (or ab) of the whole picture at the network's size, 1×C×h×w; the network runs when first asked."""
        if self._output is None:
            self._output = self._look()
        return self._output

    def ab(self, temperature: float | None = None) -> AbMap:
        """The colours at a temperature; of a tiled picture another temperature runs the tiles again.

        Raises:
            ColorlibError: a temperature for regression, or one out of range.
        """
        chosen = self._colorizer.temperature_or_default(temperature)
        if self._kept is None or self._kept[0] != chosen:
            if self._full is not None:
                colours = self._full(temperature)
            elif self._first is not None and self._kept is None and self._output is None:
                colours = self._first(temperature)
            else:
                values = self._colorizer.decode(self.output, temperature)[0].float().cpu()
                colours = AbMap(values, self._colorizer.model.stride, *self.seen)
            self._kept = (chosen, colours)
        return self._kept[1]

    def render(self, temperature: float | None = None, blend: float = 1.0) -> Rendered:
        """The picture, 8 bits a sample, and the share of its pixels that lay outside the sRGB gamut.

        Args:
            temperature: of the annealed mean, 10⁻⁶ to 1; None is the model's.
            blend: 0 (grey) to 1 (as predicted).

        Raises:
            ColorlibError: as `ab`, or a blend out of range.
        """
        check_blend(blend)
        return render(self.photograph, self.ab(temperature), blend)

    def picture(self, temperature: float | None = None, blend: float = 1.0) -> Image.Image:
        """The image of `render`."""
        return self.render(temperature, blend).image

    def distribution(self, x: float, y: float) -> Tensor:
        """What the network holds possible at a pixel of the upright photograph: Q probabilities, T = 1, float32.

        In the order of the grid's points; from the look at the whole picture, at the sample nearest to the pixel.

        Raises:
            ColorlibError: a regression model, which predicts one colour, or a pixel outside the picture.
        """
        if self.method != "classification":
            raise ColorlibError("regression predicts one colour and no distribution: use a classification model")
        width, height = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise ColorlibError(f"pixel ({x:g}, {y:g}) lies outside the picture of {width}×{height} pixels")
        _, _, rows, columns = self.output.shape
        stride = self._colorizer.model.stride
        row = min(rows - 1, round(max(0.0, (y + 0.5) * self.seen[0] / height - 0.5) / stride))
        column = min(columns - 1, round(max(0.0, (x + 0.5) * self.seen[1] / width - 0.5) / stride))
        return torch.softmax(self.output[0, :, row, column].float(), dim=0).cpu()
