"""sRGB to CIE Lab and back; the constants and their sources are in `cielab`."""

import numpy as np
import numpy.typing as npt
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.checks import (
    require_ab_range,
    require_floating,
    require_map,
    require_unit_range,
    value_range,
    working_dtype,
)
from colorlib.ops.cielab import (
    LAB_KNEE,
    LAB_OFFSET,
    LAB_ROOT_KNEE,
    LAB_SLOPE,
    LINEAR_KNEE,
    RGB_TO_XYZ,
    SRGB_KNEE,
    WHITE,
)
from footprint import device_type

L_TOLERANCE = 1e-2  # how far outside [0, 100] rounding may put an L value


def rgb_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """Convert sRGB images to CIE Lab.

    Args:
        rgb: N×3×H×W, uint8 in 0..255 or floating point in [0, 1].

    Returns:
        N×3×H×W, L in [0, 100], a and b in Lab units (within −87..99 and −108..95); float64 for float64 input, otherwise
        float32. Differentiable.

    Raises:
        ColorlibError: for another shape, an integer dtype other than uint8, or floats outside [0, 1].

    Example:
        >>> rgb_to_lab(torch.tensor([255, 0, 0], dtype=torch.uint8).reshape(1, 3, 1, 1)).flatten().round().tolist()
        [53.0, 80.0, 67.0]
    """
    require_map(rgb, "rgb_to_lab: rgb", 3)
    if rgb.dtype == torch.uint8:
        if device_type(rgb) == "cpu":
            from colorlib.ops import lab_kernels

            return lab_kernels.rgb_to_lab(rgb)
        return eager_rgb_to_lab(rgb.float() / 255)
    _require_rgb(rgb)
    return eager_rgb_to_lab(rgb.to(working_dtype(rgb)))


def lightness_of(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """L of a picture as it lies in memory, on the CPU: the first channel of `rgb_to_lab`, in half the time.

    Args:
        pixels: H×W×3 uint8 sRGB.

    Returns:
        1×1×H×W float32, L in [0, 100].

    Raises:
        ColorlibError: for another shape or dtype.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ColorlibError(
            f"lightness_of: got {pixels.dtype} of shape {pixels.shape}, expected uint8 H×W×3: convert it to RGB."
        )
    from colorlib.ops import lab_kernels

    return lab_kernels.lightness_of(pixels)


def lab_to_rgb(lab: torch.Tensor, *, as_uint8: bool = False) -> torch.Tensor:
    """Convert CIE Lab images to sRGB; colours that no screen shows are clipped channel by channel.

    Args:
        lab: N×3×H×W floating point, L in [0, 100], a and b in Lab units (from −10⁶ to 10⁶).
        as_uint8: return uint8 in 0..255, rounded half up, instead of floats.

    Returns:
        N×3×H×W in [0, 1], float64 for float64 input, otherwise float32; or uint8. The float result is differentiable.

    Raises:
        ColorlibError: for another shape, an integer dtype, NaN or infinity, or L or ab outside its range.
    """
    require_map(lab, "lab_to_rgb: lab", 3)
    require_floating(lab, "lab_to_rgb: lab")
    require_ab_range(lab, "lab_to_rgb: lab")
    low, high = value_range(lab[:, 0])
    if not (low >= -L_TOLERANCE and high <= 100 + L_TOLERANCE):
        raise ColorlibError(
            f"lab_to_rgb: L runs from {low:g} to {high:g}, expected 0 to 100: undo the centring of the network's input "
            "(add 50 to L) or its scaling first."
        )
    values = lab.to(working_dtype(lab))
    if as_uint8 and device_type(values) == "cpu" and values.dtype == torch.float32:
        from colorlib.ops import lab_kernels

        return lab_kernels.lab_to_rgb(values)
    rgb = eager_lab_to_rgb(values)
    return rgb.mul(255).add(0.5).to(torch.uint8) if as_uint8 else rgb


def _require_rgb(rgb: torch.Tensor) -> None:
    if not rgb.is_floating_point():
        raise ColorlibError(
            f"rgb_to_lab: rgb has dtype {rgb.dtype}, expected uint8 in 0..255 or floating point in [0, 1]: "
            "call .to(torch.uint8) if the values are 0..255."
        )
    require_unit_range(rgb, "rgb_to_lab")


def eager_rgb_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """Convert floats in [0, 1] with torch operations only, on any device and with gradients."""
    linear = torch.where(rgb > SRGB_KNEE, ((rgb + 0.055) / 1.055).clamp_min(0) ** 2.4, rgb / 12.92)
    matrix = torch.tensor(RGB_TO_XYZ, dtype=rgb.dtype, device=rgb.device)
    white = torch.tensor(WHITE, dtype=rgb.dtype, device=rgb.device)
    xyz = torch.einsum("xc,nchw->nxhw", matrix / white[:, None], linear)  # N×3×H×W, relative to white
    # The clamp keeps the gradient of the branch not taken finite.
    root = torch.where(xyz > LAB_KNEE, xyz.clamp_min(LAB_KNEE) ** (1 / 3), LAB_SLOPE * xyz + LAB_OFFSET)
    fx, fy, fz = root.unbind(1)
    return torch.stack((116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)), dim=1)  # N×3×H×W


def eager_lab_to_rgb(lab: torch.Tensor) -> torch.Tensor:
    """Convert to floats in [0, 1] with torch operations only, on any device and with gradients."""
    linear = linear_light(lab)
    curve = 1.055 * linear.clamp_min(LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear > LINEAR_KNEE, curve, 12.92 * linear).clamp(0, 1)


def linear_light(lab: torch.Tensor) -> torch.Tensor:
    """Linear R, G, B of Lab N×3×H×W, the same shape; of colours that no screen shows some are outside [0, 1]."""
    lightness, a, b = lab.unbind(1)
    fy = (lightness + 16) / 116
    # A strongly blue b would ask for negative Z, which is no light at all.
    root = torch.stack((fy + a / 500, fy, (fy - b / 200).clamp_min(0)), dim=1)  # N×3×H×W
    xyz = torch.where(root > LAB_ROOT_KNEE, root.clamp_min(LAB_ROOT_KNEE) ** 3, (root - LAB_OFFSET) / LAB_SLOPE)
    matrix = torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)).to(lab)
    white = torch.tensor(WHITE, dtype=lab.dtype, device=lab.device)
    return torch.einsum("cx,nxhw->nchw", matrix * white, xyz)  # N×3×H×W
