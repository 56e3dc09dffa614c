"""A network on a device in an arithmetic, which makes its batches smaller when memory runs out."""

import copy
import logging

import torch
from torch import Tensor, nn

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.models.resources import is_out_of_memory, release

logger = logging.getLogger(__name__)

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


class MemoryExhausted(ColorlibError):
    """A single picture of this size does not fit into the device's memory."""


class Engine:
    """Runs a network without gradients.

    Convolutions compute in `dtype`, in channels-last order; what decides about the colours (the input's centring, batch
    norm, decoding) stays in float32.

    Args:
        model: float32, in evaluation mode. It is used as it is, where it lies, for float32 without a device; else a
            copy is made.
        device: None is where the model lies.
        dtype: of the convolutions.

    Attributes:
        model: the network that runs.
        device: where.
        dtype: in which arithmetic.
    """

    def __init__(self, model: ColorNet, device: torch.device | None = None, dtype: torch.dtype = torch.float32) -> None:
        here = next(model.parameters()).device
        self.device = device or here
        self.dtype = dtype
        self.model = model
        self._most: int | None = None  # pixels that a batch may have, once memory has run out
        if self.device != here or dtype != torch.float32:
            self.model = in_arithmetic(copy.deepcopy(model), dtype).to(self.device)

    def logits(self, lightness: Tensor) -> Tensor:
        """The head's output at the network's stride, on the engine's device; as `ColorNet.logits`.

        When memory runs out the batch is halved, and stays so, down to one picture.

        Raises:
            MemoryExhausted: one picture is too much.
        """
        pixels = lightness.shape[-2] * lightness.shape[-1]
        parts: list[Tensor] = []
        done = 0
        while done < len(lightness):
            batch = len(lightness) - done if self._most is None else max(1, self._most // pixels)
            part = self._attempt(lightness[done : done + batch])
            if part is None:
                self._retreat(min(batch, len(lightness) - done), lightness.shape)
            else:
                parts.append(part)
                done += len(part)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def exact(self) -> "Engine":
        """The same network in float32 on the CPU; itself where it is that."""
        if self.device.type == "cpu" and self.dtype == torch.float32:
            return self
        return Engine(copy.deepcopy(self.model).cpu().float())

    def to_cpu(self) -> None:
        """Go on on the CPU in float32: the last resort, slower and the same picture."""
        logger.warning("going on on the CPU in float32")
        self.model = self.model.float().cpu()
        release(self.device)
        self.device, self.dtype, self._most = torch.device("cpu"), torch.float32, None

    @torch.inference_mode()
    def _attempt(self, lightness: Tensor) -> Tensor | None:
        """The output, or None when there was not enough memory."""
        try:
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
                return self.model.logits(lightness.to(self.device))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return None

    def _retreat(self, batch: int, shape: torch.Size) -> None:
        release(self.device)
        height, width = shape[-2:]
        if batch == 1:
            raise MemoryExhausted(f"{width}×{height} pixels at once need more memory than the {self.device.type} has")
        self._most = batch // 2 * height * width
        logger.warning("out of memory with %d pictures of %d×%d: going on with %d", batch, width, height, batch // 2)


def in_arithmetic(model: ColorNet, dtype: torch.dtype) -> ColorNet:
    """Put the convolutions' weights into `dtype` and channels-last order, in place: autocast would at every call."""
    for module in model.modules():
        if isinstance(module, CONVOLUTIONS):
            for name, parameter in module.named_parameters(recurse=False):
                order = torch.channels_last if parameter.ndim == 4 else torch.contiguous_format
                # Of 1×1 and of depthwise kernels contiguous() says that they are in both orders, and keeps the strides,
                # by which torch then takes the other one for the whole network.
                converted = torch.empty_like(parameter, dtype=dtype, memory_format=order).copy_(parameter.detach())
                setattr(module, name, nn.Parameter(converted, requires_grad=parameter.requires_grad))
    return model
