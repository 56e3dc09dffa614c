"""Data-dependent initialisation: every layer starts with outputs of a known mean and spread on real photographs.

After Krähenbühl, Doersch, Donahue, Darrell, "Data-dependent Initializations of Convolutional Neural Networks" (2015),
whose method the authors' released network started from: filters from k-means of what a layer sees, then a within-layer
normalisation. Their third step, balancing the layers' rates of change against each other, is left out: batch norm
does that at the end of every block.
"""

from collections.abc import Callable, Iterable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.models.recomputation import frozen_statistics

Filters = Literal["random", "kmeans"]

FINAL_SPREAD = 0.1
"""Standard deviation of the last layer's outputs at the start: a nearly uniform distribution over the bins, or ab
within some units of grey; at 1 the first loss would be higher than that of knowing nothing."""

LEAST_SPREAD = 1e-6  # a channel that says the same everywhere is only centred: its weights would become infinite
PATCHES_PER_FILTER, MOST_PATCHES = 16, 8192
ROUNDS = 8  # of k-means; more move the centres little

Convolution = nn.Conv2d | nn.ConvTranspose2d


@torch.no_grad()
def initialise(model: ColorNet, batches: Iterable[Tensor], filters: Filters = "random", seed: int = 0) -> None:
    """Rescale the model's convolutions in place until their outputs on `batches` have mean 0 and variance 1.

    One forward pass in training mode over all batches together. Each convolution is set when the pass reaches it, so
    it sees what the layers before it, already set, make of the photographs:

    1. With filters="kmeans", the weights become the centres that spherical k-means finds among the patches of the
       layer's input (mean of all patches subtracted, length 1). Transposed and grouped (depthwise) convolutions and
       the last layer keep their random weights. With "random" all do.
    2. Per output channel, before the non-linearity: w ← w / σ and b ← (b − μ) / σ, with μ and σ the channel's mean and
       standard deviation over images and pixels. A layer without bias is only divided by σ: where batch norm follows,
       it removes the mean. The last layer's outputs get mean 0 and standard deviation 0.1, in the network's units
       (regression: times 20 ab).

    Batch norm keeps its affine (1, 0) and its running statistics. Nothing is drawn from the global random state: the
    same weights, batches and seed give the same weights, bit for bit, on the same machine.

    Args:
        model: freshly built, on any device, float32.
        batches: lightness N×1×H×W in [0, 100] of training photographs, all of one size; 16 crops are plenty. Moved to
            the model's device and run at once, in the memory of a forward pass without gradients.
        filters: where the directions of the weights come from.
        seed: of k-means' choice of patches and first centres.

    Raises:
        ColorlibError: no batch, batches of different sizes, values that are not finite, or filters of no such name.
    """
    if filters not in get_args(Filters):
        raise ColorlibError(f"Got filters={filters!r}, expected one of {', '.join(get_args(Filters))}.")
    lightness = _together(batches).to(next(model.parameters()).device)
    generator = torch.Generator().manual_seed(seed)
    layers = [module for module in model.modules() if isinstance(module, Convolution)]
    hooks = [
        layer.register_forward_hook(_normaliser(FINAL_SPREAD if layer is model.final else 1.0)) for layer in layers
    ]
    if filters == "kmeans":
        hooks += [
            layer.register_forward_pre_hook(_clusterer(generator))
            for layer in layers
            if isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer is not model.final
        ]
    training = model.training
    model.train()
    try:
        with frozen_statistics(model), torch.autocast(lightness.device.type, enabled=False):
            model.logits(lightness)
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()


def _together(batches: Iterable[Tensor]) -> Tensor:
    tensors = list(batches)
    if not tensors:
        raise ColorlibError("Got no batch to initialise the network on, expected at least one: pass training images.")
    sizes = sorted({tuple(tensor.shape[1:]) for tensor in tensors})
    if len(sizes) > 1:
        raise ColorlibError(f"Got batches of different shapes {sizes}, expected one: crop them alike.")
    lightness = torch.cat(tensors)
    if not bool(lightness.isfinite().all()):
        raise ColorlibError("Got lightness with NaN or infinity, expected values in [0, 100]: check the photographs.")
    return lightness


def _normaliser(spread: float) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    """The hook that sets a layer after its first output, and hands on the output as the set layer would make it."""

    def normalise(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        variance, mean = torch.var_mean(output, dim=(0, 2, 3), correction=0)  # (C,), (C,)
        deviation = variance.sqrt()
        scale = torch.where(deviation > LEAST_SPREAD, spread / deviation, torch.ones_like(deviation))  # (C,)
        weight, bias = _parameters(layer)
        # A transposed convolution keeps its outputs in the second dimension.
        weight.mul_(scale.view(1, -1, 1, 1) if isinstance(layer, nn.ConvTranspose2d) else scale.view(-1, 1, 1, 1))
        if bias is None:
            return output * scale.view(-1, 1, 1)
        bias.sub_(mean).mul_(scale)
        return (output - mean.view(-1, 1, 1)) * scale.view(-1, 1, 1)

    return normalise


def _clusterer(generator: torch.Generator) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """The hook that gives a layer the centres of its input's patches as weights, before it runs."""

    def cluster(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not isinstance(layer, nn.Conv2d):
            raise TypeError(f"k-means of the input of a {type(layer).__name__}")
        count = min(MOST_PATCHES, PATCHES_PER_FILTER * layer.out_channels)
        centres = spherical_kmeans(_patches(inputs[0], layer, count, generator), layer.out_channels, generator)
        layer.weight.copy_(centres.view_as(layer.weight))  # (out, in, k, k)

    return cluster


def _patches(x: Tensor, layer: nn.Conv2d, count: int, generator: torch.Generator) -> Tensor:
    """`count` patches at random places of x (N×C×H×W), as the layer's kernel sees them: count×(C·k·k)."""
    reach, step, pad = layer.kernel_size[0], layer.dilation[0], int(layer.padding[0])
    padded = nn.functional.pad(x, (pad,) * 4)
    extent = (reach - 1) * step + 1
    n, y, x0 = (
        torch.randint(0, size, (count, 1, 1), generator=generator).to(x.device)
        for size in (len(x), padded.shape[2] - extent + 1, padded.shape[3] - extent + 1)
    )
    taps = torch.arange(reach, device=x.device) * step
    patches = padded[n, :, y + taps.view(1, -1, 1), x0 + taps.view(1, 1, -1)]  # (count, k, k, C)
    return patches.permute(0, 3, 1, 2).flatten(1)  # (count, C·k·k)


def spherical_kmeans(patches: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """Directions of the k clusters of `patches` around their mean, by angle.

    Shape:
        patches: P×D, floating point. Returns k×D, rows of length 1. Where a cluster stays empty, or there are fewer
        than k patches, the row is a random direction.
    """
    directions = nn.functional.normalize(patches - patches.mean(0), dim=1)  # (P, D)
    centres = torch.randn(k, patches.shape[1], generator=generator).to(patches)  # (k, D)
    chosen = torch.randperm(len(patches), generator=generator)[:k].to(patches.device)
    centres[: len(chosen)] = directions[chosen]
    centres = nn.functional.normalize(centres, dim=1)
    for _ in range(ROUNDS):
        nearest = (directions @ centres.T).argmax(1)  # (P,)
        sums = torch.zeros_like(centres).index_add_(0, nearest, directions)  # (k, D)
        filled = torch.linalg.vector_norm(sums, dim=1, keepdim=True) > LEAST_SPREAD
        centres = torch.where(filled, nn.functional.normalize(sums, dim=1), centres)
    return centres


def _parameters(layer: nn.Module) -> tuple[Tensor, Tensor | None]:
    if not isinstance(layer, Convolution):
        raise TypeError(f"a {type(layer).__name__} is no convolution")
    return layer.weight, layer.bias
