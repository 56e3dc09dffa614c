"""Which arithmetic the forward pass uses, and where."""

from typing import Literal

import torch

from colorlib.errors import ColorlibError

Precision = Literal["auto", "fp32", "bf16", "fp16"]


def pick_device() -> torch.device:
    """CUDA where there is a device, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The dtype of the forward pass.

    "auto" is float16 on CUDA, bfloat16 on a CPU that multiplies it natively, float32 elsewhere.

    Raises:
        ColorlibError: fp16 on a CPU, where its arithmetic is a hundred times slower than float32.
    """
    if precision == "fp16" and device.type == "cpu":
        raise ColorlibError(
            "precision fp16 is for CUDA (on a CPU it is a hundred times slower): use bf16, fp32 or auto"
        )
    if precision != "auto":
        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32
