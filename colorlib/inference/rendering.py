"""A photograph and its colours become a picture, block of rows by block of rows."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorlib.inference.photograph import Photograph
from colorlib.ops.composition import AbMap, Composer

BLOCK = 1 << 18  # pixels worked on at a time: what they need stays in the second-level cache


class Rendered(NamedTuple):
    """A picture in colour.

    Attributes:
        image: RGB, or RGBA where the photograph has alpha; 8 bits.
        clamped: share of the pixels, 0 to 1, that lay outside the sRGB gamut and lost chroma at constant L and hue.
    """

    image: Image.Image
    clamped: float


def render(photograph: Photograph, colours: AbMap, blend: float = 1.0, consume: bool = False) -> Rendered:
    """Colour a photograph in 8 bits a sample.

    Args:
        photograph: its L is the result's.
        colours: of the same scene, at any size.
        blend: 0 (grey) to 1.
        consume: write into the photograph's own memory where it fits; the photograph is of no use afterwards.
    """
    pixels, mode = photograph.pixels, image_mode(photograph)
    image = pixels if consume and pixels.mode == mode else Image.new(mode, pixels.size)
    clamped = 0
    for top, rows, outside in _blocks(photograph, colours, blend):
        image.paste(Image.fromarray(_in_8_bits(rows)), (0, top))
        clamped += outside
    image.info = {}
    return Rendered(image, clamped / (pixels.width * pixels.height))


def over_white(picture: Image.Image) -> Image.Image:
    """An RGB or RGBA picture as it lies on white paper: pixels that are hidden do not come to light."""
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture)
    return paper


def image_mode(photograph: Photograph) -> str:
    """Of the photograph in colour: RGBA where it has alpha, else RGB."""
    return "RGBA" if photograph.pixels.mode == "RGBA" else "RGB"


class DeepRows:
    """The rows of a photograph in colour with 16 bits a sample, made while they are read, once.

    Attributes:
        channels: 3, or 4 with alpha.
        clamped: as in `Rendered`; of the rows read so far, as a share of all pixels.
    """

    def __init__(self, photograph: Photograph, colours: AbMap, blend: float = 1.0) -> None:
        self._photograph, self._colours, self._blend = photograph, colours, blend
        self.channels = max(3, len(photograph.pixels.getbands()))
        self.clamped = 0.0

    def __iter__(self) -> Iterator[NDArray[np.uint16]]:
        width, height = self._photograph.size
        for _, rows, outside in _blocks(self._photograph, self._colours, self._blend):
            self.clamped += outside / (width * height)
            yield rows.astype(np.uint16, copy=False)


def _blocks(
    photograph: Photograph, colours: AbMap, blend: float
) -> Iterator[tuple[int, NDArray[np.uint8] | NDArray[np.uint16], int]]:
    """Yield the first row of a block, the block in colour, and how many of its pixels were clamped."""
    width, height = photograph.size
    composer = Composer(colours, height, width, blend)
    rows = max(1, BLOCK // width)
    for top in range(0, height, rows):
        block, outside = composer.compose(photograph.rows(top, rows), top)
        yield top, block, outside


def _in_8_bits(rows: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    if rows.dtype == np.uint8:
        return rows.astype(np.uint8, copy=False)
    return ((rows.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 = 255 · 257
