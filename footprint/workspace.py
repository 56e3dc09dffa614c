"""What a convolution allocates on a CPU beyond its results, and frees before it returns.

oneDNN works in layouts of its own. It copies the weights into one; maps that are not channels-last are copied as well,
on the way in and on the way out. Where torch does without oneDNN, it unfolds the input into columns. Measured on torch
2.13 operation by operation (tests/footprint/test_workspace.py); scratch space inside oneDNN's kernels, which depends on
the processor, is left out, and so is the workspace of cuDNN, which depends on the GPU.
"""

import math
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten

Arguments = tuple[Any, ...]


def workspace(func: Any, args: Arguments, kwargs: dict[str, Any], result: Any) -> int:
    """Bytes that `func` holds for itself at its highest, beyond its arguments and results; 0 where it is not known."""
    if func is aten.convolution_backward.default:
        upstream, x, weight, _, *options = args
        return _backward(upstream, x, weight, tuple(options[:6]))
    arrange = FORWARD.get(func)
    if arrange is None:
        return 0
    x, weight, bias, *options = (*args, *DEFAULTS[func][len(args) :])
    return _forward(x, weight, bias if bias is not None else kwargs.get("bias"), arrange(*options), result)


FORWARD: dict[Any, Any] = {
    aten.convolution.default: lambda *options: options,
    aten.conv2d.default: lambda stride, padding, dilation, groups: (
        stride, padding, dilation, False, [0, 0], groups,
    ),
    aten.conv_transpose2d.input: lambda stride, padding, output_padding, groups, dilation: (
        stride, padding, dilation, True, output_padding, groups,
    ),
}  # fmt: skip
DEFAULTS: dict[Any, Arguments] = {
    aten.convolution.default: (),
    aten.conv2d.default: (None, None, None, [1, 1], [0, 0], [1, 1], 1),
    aten.conv_transpose2d.input: (None, None, None, [1, 1], [0, 0], [0, 0], 1, [1, 1]),
}


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, options: Arguments, y: Tensor) -> int:
    if not _by_onednn(x, weight, bias, options):
        return _columns(x, weight, options, y)
    if _channels_last(x) or _channels_last(weight):
        return _copy(x) + weight.nbytes + (x.nbytes if options[3] else 0)
    results = 1 if x.dtype == torch.float32 and not options[3] else 2
    return max(x.nbytes + weight.nbytes, results * y.nbytes)  # results are copied back when the inputs' copies are gone


def _backward(upstream: Tensor, x: Tensor, weight: Tensor, options: Arguments) -> int:
    if not _by_onednn(x, weight, None, options):
        return _columns(x, weight, options, upstream)
    if _channels_last(x) or _channels_last(weight):
        return max(_copy(x), _copy(upstream)) + 2 * weight.nbytes
    if x.dtype == torch.float32:
        return max(x.nbytes + upstream.nbytes, weight.nbytes)
    return x.nbytes + upstream.nbytes + 2 * weight.nbytes


def _by_onednn(x: Tensor, weight: Tensor, bias: Tensor | None, options: Arguments) -> bool:
    sizes = None if bias is None else list(bias.shape)
    backend = torch._C._select_conv_backend(x, weight, bias, *options, sizes)
    return not backend.name.startswith("Slow")


def _columns(x: Tensor, weight: Tensor, options: Arguments, y: Tensor) -> int:
    stride, padding, _, transposed, _, groups = options
    taps = math.prod(weight.shape[2:])
    if taps == 1 and set(stride) == {1} and set(padding) == {0}:
        return 0
    channels = weight.shape[1] * groups
    places = x if transposed else y
    return int(len(x) * channels * taps * math.prod(places.shape[2:]) * x.itemsize)


def _channels_last(tensor: Tensor) -> bool:
    contiguous = tensor.is_contiguous()
    return tensor.ndim == 4 and not contiguous and tensor.is_contiguous(memory_format=torch.channels_last)


def _copy(tensor: Tensor) -> int:
    return 0 if tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last) else tensor.nbytes
