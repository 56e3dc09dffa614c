"""The way of the authors' PyTorch release, written anew: what a user of the paper's code waits for today.

scikit-image's Lab in float64, the photograph squeezed to a square for an eager fp32 network, ab enlarged by torch's
bilinear interpolation with its own convention of corners, everything at the photograph's size in one piece.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from colorlib.models.base import ColorNet
from colorlib.ops.grid import Grid

JPEG_QUALITY = 95  # as colorlib writes; the release leaves it to matplotlib, which writes PNG and takes longer


@torch.no_grad()
def colorize(model: ColorNet, image: Image.Image, side: int = 256, temperature: float = 0.38) -> NDArray[np.uint8]:
    """An RGB image of any size -> H×W×3 uint8; `model` in evaluation mode, fp32, with the paper's grid."""
    rgb = np.asarray(image)  # (H, W, 3)
    small = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))
    lightness = torch.Tensor(rgb2lab(rgb)[:, :, 0])[None, None]  # (1, 1, H, W)
    seen = torch.Tensor(rgb2lab(small)[:, :, 0])[None, None]  # (1, 1, side, side)
    probabilities = torch.softmax(model.logits(seen) / temperature, dim=1)  # (1, Q, side/4, side/4)
    ab = torch.einsum("nqhw,qc->nchw", probabilities, Grid.paper().points)  # (1, 2, side/4, side/4)
    ab = F.interpolate(ab, scale_factor=4, mode="bilinear")  # (1, 2, side, side)
    ab = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear")  # (1, 2, H, W)
    lab = torch.cat([lightness, ab], dim=1)[0].numpy().transpose(1, 2, 0)  # (H, W, 3)
    levels: NDArray[np.uint8] = (lab2rgb(lab) * 255).round().astype(np.uint8)
    return levels


def colorize_file(model: ColorNet, source: Path, target: Path) -> None:
    """The same from file to file."""
    with Image.open(source) as image:
        Image.fromarray(colorize(model, image.convert("RGB"))).save(target, quality=JPEG_QUALITY)
