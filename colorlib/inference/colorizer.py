"""The object a user holds: a trained network that colorizes photographs."""

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from colorlib import params
from colorlib.data.photos import to_rgb, to_tensor
from colorlib.errors import ColorlibError
from colorlib.inference.recombine import recombine
from colorlib.models.base import ColorNet
from colorlib.models.pretrained import from_pretrained
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.upsampling import upsample
from colorlib.pictures import to_pil

LONGEST = 4  # times `size`: a panorama is not blown up to keep its short side


class Colorizer:
    """A network with its decoding.

    Args:
        model: any network of `colorlib.models`; it is put into evaluation mode.
        size: short side in pixels of what the network sees; photographs are scaled to it, and keep their own lightness
            in the result.
        temperature: of the annealed mean (eq. 5), in (0, 1].

    Raises:
        ColorlibError: a classification model that does not say which grid its bins belong to.
    """

    def __init__(self, model: ColorNet, size: int = 256, temperature: float = params.TEMPERATURE.value) -> None:
        if model.head == "classification" and model.grid is None:
            raise ColorlibError("the model does not name the grid of its bins: build it with grid='paper' or 'full'")
        self.model = model.eval()
        self.size = size
        self.temperature = temperature
        self._grid = Grid.by_name(model.grid) if model.grid is not None else None

    @classmethod
    def from_pretrained(cls, directory: str | Path) -> "Colorizer":
        """Load what the training stage saved, e.g. `models/class-313-rebalanced`.

        Raises:
            ColorlibError: no model there, or a damaged one.
        """
        loaded = from_pretrained(directory)
        return cls(loaded.model, size=loaded.size, **loaded.decoding)

    def __call__(self, image: Image.Image, temperature: float | None = None) -> Image.Image:
        """Colorize one photograph of any mode and size; only its lightness is looked at.

        Returns:
            An upright RGB image of the same size (EXIF orientation applied) with the lightness of the input.

        Raises:
            ColorlibError: not a PIL image, or of a mode that has no defined range.
        """
        image = to_rgb(image)
        rgb = to_tensor(image)  # (1, 3, H, W)
        small = to_tensor(self._shrink(image))  # (1, 3, h, w)
        height, width = small.shape[-2:]
        coarse = self.predict(rgb_to_lab(small)[:, :1], temperature)
        ab = upsample(coarse, self.model.stride, height, width)  # (1, 2, h, w)
        ab = F.interpolate(ab, rgb.shape[-2:], mode="bilinear", align_corners=False)  # (1, 2, H, W)
        return to_pil(lab_to_rgb(torch.cat([rgb_to_lab(rgb)[:, :1], ab], dim=1), as_uint8=True)[0])

    @torch.inference_mode()
    def predict(self, lightness: Tensor, temperature: float | None = None) -> Tensor:
        """The ab map for L (N×1×H×W, [0, 100]) at the network's stride: N×2×⌈H/stride⌉×⌈W/stride⌉, Lab units."""
        output = self.model.logits(lightness)
        if self._grid is None:
            return output
        return annealed_mean(output, self._grid, self.temperature if temperature is None else temperature)

    def colorize_batch(self, rgb: Tensor) -> Tensor:
        """Colorize equally large images at their own size: uint8 sRGB N×3×H×W -> the same."""
        lightness = rgb_to_lab(rgb)[:, :1]
        return recombine(lightness, self.predict(lightness), self.model.stride)

    def _shrink(self, image: Image.Image) -> Image.Image:
        short, long = sorted(image.size)
        scale = min(self.size / short, LONGEST * self.size / long)
        width, height = (max(8, round(side * scale)) for side in image.size)
        return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
