"""Checks of what a caller hands over, made once at the public edge; each failure is one sentence with the remedy."""

import math

import torch

from colorlib.errors import ColorlibError


def require_map(tensor: torch.Tensor, name: str, channels: int) -> None:
    """Raise unless `tensor` is an N×channels×H×W torch tensor.

    Args:
        tensor: what the caller passed.
        name: how the message calls it, for example "rgb_to_lab: rgb".
        channels: the expected size of dimension 1.
    """
    if not isinstance(tensor, torch.Tensor):
        raise ColorlibError(
            f"{name} is a {type(tensor).__name__}, expected a torch.Tensor of shape N×{channels}×H×W: "
            "convert it, for example with torch.from_numpy."
        )
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


def require_finite(tensor: torch.Tensor, name: str) -> None:
    """Raise if `tensor` contains NaN or an infinity."""
    low, high = value_range(tensor)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ColorlibError(f"{name} contains NaN or infinity, expected finite numbers: look upstream.")


def require_ab(ab: torch.Tensor, name: str) -> None:
    """Raise unless `ab` is an N×2×H×W map of finite floating-point numbers."""
    require_map(ab, name, 2)
    require_floating(ab, name)
    require_finite(ab, name)


def require_positive(value: float, name: str) -> None:
    """Raise unless `value` is a finite number above zero."""
    if not (math.isfinite(value) and value > 0):
        raise ColorlibError(f"{name} is {value}, expected a finite number greater than 0.")


def working_dtype(tensor: torch.Tensor) -> torch.dtype:
    """Return the dtype sensitive arithmetic runs in: float64 for float64 input, float32 for all the rest."""
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
