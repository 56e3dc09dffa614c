"""Which arithmetic the forward pass uses, and where; the same for training and inference."""

from colorlib.models.resources import Precision, pick_device, pick_dtype

__all__ = ["Precision", "pick_device", "pick_dtype"]
