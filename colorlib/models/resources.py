"""What the machine offers a network: a device, an arithmetic, and memory until there is none left."""

import gc
from typing import Any, Literal, get_args

import torch

from colorlib.errors import ColorlibError

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda"]

# What torch says where it has no exception type of its own: the CPU's allocator, and libraries on the GPU.
WORDS = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


def pick_device(device: Device | str | torch.device = "auto") -> torch.device:
    """The device of that name, `cuda:1` for the second GPU; "auto" is CUDA where there is one, else the CPU.

    Raises:
        ColorlibError: another name, or a GPU that torch does not see.
    """
    kind, _, number = str(device).partition(":")
    if kind not in get_args(Device) or (number and not (kind == "cuda" and number.isdecimal())):
        raise ColorlibError(f"got device {str(device)!r}, expected {_listed(Device)}, or cuda:1 for the second GPU")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ColorlibError(f"device {device} is not to be had: torch sees no GPU here, use cpu or auto")
    if number and int(number) >= torch.cuda.device_count():
        raise ColorlibError(f"device {device} is not to be had: torch counts {torch.cuda.device_count()} from cuda:0")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def pick_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The dtype of the forward pass.

    "auto" is float16 on CUDA, bfloat16 on a CPU that multiplies it natively, float32 elsewhere.

    Raises:
        ColorlibError: another name, or fp16 on a CPU, where its arithmetic is a hundred times slower than float32.
    """
    if precision not in get_args(Precision):
        raise ColorlibError(f"got precision {precision!r}, expected {_listed(Precision)}")
    if precision == "fp16" and device.type == "cpu":
        raise ColorlibError(
            "precision fp16 is for CUDA (on a CPU it is a hundred times slower): use bf16, fp32 or auto"
        )
    if precision != "auto":
        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if multiplies_bf16() else torch.float32


def _listed(names: Any) -> str:
    """ "auto, cpu or cuda", of a literal type."""
    *rest, last = get_args(names)
    return f"{', '.join(rest)} or {last}"


def multiplies_bf16() -> bool:
    """Whether the CPU has instructions for bfloat16 products; oneDNN also emulates them, without any gain."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory could not be had, on a GPU or a CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in WORDS)


def release(device: torch.device) -> None:
    """Give back what is no longer used, so that the next attempt starts from the least."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
