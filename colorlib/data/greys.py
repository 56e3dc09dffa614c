"""Greys of 16 bits: what their numbers mean, which in a TIFF may be fewer, or run from white to black."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from colorlib.errors import ColorlibError

BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262  # TIFF tags
WHITE_IS_ZERO = 0  # of the second; Pillow heeds it for 8 bits and fewer only
WHITE = 65535

Numbers = NDArray[np.integer]


@dataclass(frozen=True)
class GreyScale:
    """What the numbers of a picture of mode I or I;16 mean.

    Attributes:
        full: the number at the other end from 0, 4095 in a TIFF of 12 bits.
        inverted: whether 0 is white.
    """

    full: int = WHITE
    inverted: bool = False

    @classmethod
    def of(cls, image: Image.Image) -> "GreyScale":
        """The scale of a picture as Pillow opened it: a copy no longer knows it."""
        if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.mode.startswith("I"):
            return cls()
        twelve = image.tag_v2.get(BITS_PER_SAMPLE, (16,)) in (12, (12,))
        return cls(4095 if twelve else WHITE, image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO)

    def limits(self, values: Numbers) -> tuple[int, int]:
        """The smallest and the largest of what `numbers` gives for `values`; (0, 0) where there are none.

        Raises:
            ColorlibError: they are below 0 or above 65535.
        """
        if values.size == 0:
            return 0, 0
        ends = (int(values.min()), int(values.max()))
        low, high = (self.full - ends[1], self.full - ends[0]) if self.inverted else ends
        if low < 0 or high > WHITE:
            raise ColorlibError(
                f"a greyscale picture with values from {low} to {high} has no known range: scale it to [0, 65535]"
            )
        return low, high

    def numbers(self, values: Numbers) -> Numbers:
        """The values, within their `limits`, as they are, but with 0 for black; in their own dtype."""
        return self.full - values if self.inverted else values

    def levels(self, values: Numbers) -> NDArray[np.int64]:
        """The values as 0 (black) to 65535 (white)."""
        numbers = self.numbers(values).astype(np.int64)
        if self.full == WHITE:
            return numbers
        return (np.minimum(numbers, self.full) * WHITE + self.full // 2) // self.full
