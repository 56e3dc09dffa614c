"""Checks of what a caller hands over, made once at the public edge; each failure is one sentence with the remedy."""

import math
from numbers import Real

import torch

from colorlib.errors import ColorlibError

AB_LIMIT = 1e6  # ab values beyond this are no colour, and their squares would leave the range of floats
RGB_TOLERANCE = 1e-3  # how far outside [0, 1] rounding may put a float RGB value


def require_tensor(tensor: object, name: str, shape: str) -> None:
    """Raise unless `tensor` is a torch tensor; `shape` is how the message writes the expected one."""
    if not isinstance(tensor, torch.Tensor):
        raise ColorlibError(
            f"{name} is of type {type(tensor).__name__}, expected a torch.Tensor of shape {shape}: "
            "convert it, for example with torch.from_numpy or torch.tensor."
        )


def require_map(tensor: torch.Tensor, name: str, channels: int) -> None:
    """Raise unless `tensor` is an N×channels×H×W torch tensor.

    Args:
        tensor: what the caller passed.
        name: how the message calls it, for example "rgb_to_lab: rgb".
        channels: the expected size of dimension 1.
    """
    require_tensor(tensor, name, f"N×{channels}×H×W")
    shape = tuple(tensor.shape)
    if tensor.ndim == 4 and shape[1] == channels:
        return
    if tensor.ndim == 3 and shape[0] == channels:
        remedy = "add the batch dimension with tensor[None]"
    elif tensor.ndim == 4 and shape[3] == channels:
        remedy = "move the channels with tensor.permute(0, 3, 1, 2)"
    elif tensor.ndim == 3 and shape[2] == channels:
        remedy = "move the channels and add the batch dimension with tensor.permute(2, 0, 1)[None]"
    else:
        remedy = f"pass {channels} channels in dimension 1"
    raise ColorlibError(f"{name} has shape {shape}, expected N×{channels}×H×W: {remedy}.")


def require_floating(tensor: torch.Tensor, name: str) -> None:
    """Raise unless `tensor` holds floating-point numbers."""
    if not tensor.is_floating_point():
        raise ColorlibError(f"{name} has dtype {tensor.dtype}, expected a floating-point dtype: call .float() on it.")


def value_range(tensor: torch.Tensor) -> tuple[float, float]:
    """Return the smallest and the largest value as Python numbers; (0, 0) of an empty tensor, NaN where any is NaN."""
    if tensor.numel() == 0:
        return 0.0, 0.0
    low, high = torch.aminmax(tensor.detach())
    return float(low), float(high)


def require_ab(ab: torch.Tensor, name: str) -> None:
    """Raise unless `ab` is an N×2×H×W map of floating-point numbers from −10⁶ to 10⁶."""
    require_map(ab, name, 2)
    require_floating(ab, name)
    require_ab_range(ab, name)


def require_ab_range(ab: torch.Tensor, name: str) -> None:
    """Raise if a value is NaN or lies outside −10⁶..10⁶."""
    low, high = value_range(ab)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ColorlibError(f"{name} contains NaN or infinity, expected finite numbers: look upstream.")
    if max(-low, high) > AB_LIMIT:
        raise ColorlibError(
            f"{name} runs from {low:g} to {high:g}, expected −{AB_LIMIT:g} to {AB_LIMIT:g}: colours lie within ±128, "
            "look upstream for a wrong scale."
        )


def require_unit_range(rgb: torch.Tensor, name: str) -> None:
    """Raise unless the floating-point values of `rgb` lie in [0, 1], give or take rounding."""
    low, high = value_range(rgb)
    if low >= -RGB_TOLERANCE and high <= 1 + RGB_TOLERANCE:
        return
    remedy = "divide by 255" if low >= 0 and 2 < high <= 255.5 else "scale or clamp them to [0, 1]"
    raise ColorlibError(f"{name}: float values run from {low:g} to {high:g}, expected 0 to 1: {remedy}.")


def require_at_least(value: float, least: float, name: str) -> None:
    """Raise unless `value` is a finite real number, no smaller than `least`."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or value < least:
        raise ColorlibError(f"{name} is {value!r}, expected a finite number, at least {least:g}: pass one.")


def require_between(value: float, least: float, most: float, name: str) -> None:
    """Raise unless `value` is a real number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= value <= most:
        raise ColorlibError(f"{name} is {value!r}, expected a number from {least:g} to {most:g}: pass one.")


def working_dtype(tensor: torch.Tensor) -> torch.dtype:
    """Return the dtype sensitive arithmetic runs in: float64 for float64 input, float32 for all the rest."""
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
