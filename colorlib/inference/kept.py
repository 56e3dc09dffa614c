"""What is kept in the cache of a photograph: its predicted colours, and, unless it is large, the finished picture."""

from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image

from colorlib.cache import Cache, Scalar, result_key
from colorlib.inference.photograph import Photograph
from colorlib.inference.rendering import Rendered, image_mode
from colorlib.ops.composition import AbMap

FORMAT = 3  # raise it when the same options begin to give other colours
LARGEST_PICTURE = 1 << 24  # pixels of a picture that is kept whole; colours take 44 kB whatever the picture's size
COUNT = 8  # bytes before the pixels: how many were clamped, an int64


class Kept:
    """One photograph's place in the cache, for one choice of options.

    Args:
        cache: where to look and keep.
        photograph: what is coloured.
        weights_sha256: of the network.
        options: all that changes the colours.
    """

    def __init__(
        self, cache: Cache, photograph: Photograph, weights_sha256: str, options: Mapping[str, Scalar]
    ) -> None:
        self._cache = cache
        self._photograph = photograph
        self._weights_sha256 = weights_sha256
        self._options = options

    def colours(self) -> AbMap | None:
        """What `keep_colours` was given; None if it is not to be had."""
        kept = self._cache.get(self._key())
        if kept is None:
            return None
        stride, height, width = (int(value) for value in kept[:3])
        shape = (2, -(-height // stride), -(-width // stride))
        return AbMap(torch.from_numpy(kept[3:].astype(np.float32).reshape(shape)), stride, height, width)  # 2×h×w

    def keep_colours(self, colours: AbMap) -> None:
        """Keep the colours: a header of stride, height and width, then the map, in one float32 array."""
        header = np.array([colours.stride, colours.height, colours.width], np.float32)
        self._cache.put(self._key(), np.concatenate((header, colours.values.numpy().ravel())))

    @property
    def holds_pictures(self) -> bool:
        """Whether the finished picture is kept, too: of 8 bits, and not so large that a few of them fill the cache."""
        width, height = self._photograph.size
        return self._photograph.low is None and width * height <= LARGEST_PICTURE

    def picture(self, blend: float) -> Rendered | None:
        """What `keep_picture` was given; None if it is not to be had."""
        kept = self._cache.get(self._key(blend)) if self.holds_pictures else None
        if kept is None:
            return None
        mode, size = image_mode(self._photograph), self._photograph.size
        clamped = int(kept[:COUNT].view(np.int64)[0])
        image = Image.frombuffer(mode, size, kept[COUNT:], "raw", mode, 0, 1)
        return Rendered(image, clamped / (size[0] * size[1]))

    def keep_picture(self, blend: float, rendered: Rendered) -> None:
        """Keep the picture: the number of clamped pixels, then H×W×3 or H×W×4 samples, in one uint8 array."""
        if not self.holds_pictures:
            return
        width, height = rendered.image.size
        count = np.array([round(rendered.clamped * width * height)], np.int64).view(np.uint8)
        self._cache.put(self._key(blend), np.concatenate((count, np.asarray(rendered.image).ravel())))

    def _key(self, blend: float | None = None) -> str:
        """Of the picture with that blend; of the colours for None."""
        options = {**self._options, "blend": None if blend is None else float(blend)}
        return result_key(self._photograph.fingerprint, self._weights_sha256, options, FORMAT)
