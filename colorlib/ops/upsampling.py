"""From the network's stride to pixels: sample i of a stride-s map belongs to pixel s·i."""

import torch.nn.functional as F
from torch import Tensor

from colorlib.errors import ColorlibError


def upsample(values: Tensor, stride: int, height: int, width: int) -> Tensor:
    """Bilinear upsampling that puts sample (i, j) exactly on pixel (stride·i, stride·j).

    The targets of training are every fourth pixel, so logit i is trained on pixel 4i. The usual half-pixel convention
    (`align_corners=False`) would put it on pixel 4i + 1.5 and shift every colour edge.
    Pixels beyond the last sample repeat it.

    Shape:
        values: N×C×h×w, floating point; returns N×C×height×width of the same dtype,
        with h = ⌈height / stride⌉ and w = ⌈width / stride⌉.

    Raises:
        ColorlibError: h and w are others.
    """
    rows, columns = -(-height // stride), -(-width // stride)
    if values.ndim != 4 or tuple(values.shape[-2:]) != (rows, columns):
        raise ColorlibError(
            f"upsample: a map of shape {tuple(values.shape)} is not what stride {stride} makes of {height}×{width} "
            f"pixels, which is N×C×{rows}×{columns}."
        )
    if stride == 1:
        return values
    # One more row and column, then align_corners has the step (rows + 1 − 1) / (stride·rows + 1 − 1) = 1 / stride.
    padded = F.pad(values, (0, 1, 0, 1), mode="replicate")  # N×C×(h+1)×(w+1)
    size = (stride * rows + 1, stride * columns + 1)
    return F.interpolate(padded, size=size, mode="bilinear", align_corners=True)[..., :height, :width]
