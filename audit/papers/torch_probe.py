"""Looking into a torch module while it runs: what its layers get and give. torch is imported only when used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.papers.probe import Array

Look = Callable[[Any, Any, Any], None]  # (layer, its first input, its output)


def tensor(values: Array, network: Any) -> Any:
    """The values as a tensor of the network's own precision, on its device."""
    import torch

    like = next(network.parameters())
    return torch.from_numpy(np.ascontiguousarray(values)).to(like)


def run(network: Any, values: Array) -> Array:
    """The network's output, float64."""
    import torch

    with torch.no_grad():
        return np.asarray(network(tensor(values, network)).double().cpu())


def leaves(network: Any) -> list[Any]:
    """Layers that have no layers inside."""
    return [module for module in network.modules() if not list(module.children())]


def norms(network: Any) -> list[Any]:
    """Batch and instance normalisation."""
    from torch.nn.modules.batchnorm import _NormBase

    return [layer for layer in leaves(network) if isinstance(layer, _NormBase)]


def convolutions(network: Any) -> list[Any]:
    """Convolutions, transposed ones included."""
    from torch.nn.modules.conv import _ConvNd

    return [layer for layer in leaves(network) if isinstance(layer, _ConvNd)]


@contextmanager
def watched(layers: list[Any], look: Look) -> Iterator[None]:
    """Call `look` whenever one of the layers runs."""
    handles = [layer.register_forward_hook(lambda own, given, made: look(own, given[0], made)) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def bypassed(layers: list[Any]) -> Iterator[None]:
    """Let these layers hand their input on as it is."""
    handles = [layer.register_forward_hook(lambda _own, given, _made: given[0]) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def first_input(network: Any, values: Array) -> Array:
    """What the first layer with weights is given when the network is given `values`, float64.

    Raises:
        ValueError: no layer with weights of its own ran.
    """
    inputs: list[Array] = []

    def look(_layer: Any, given: Any, _made: Any) -> None:
        inputs.append(np.asarray(given.detach().double().cpu()))

    with watched([layer for layer in leaves(network) if list(layer.parameters())], look):
        run(network, values)
    if not inputs:
        raise ValueError("no layer with weights ran: the network's input cannot be seen")
    return inputs[0]


def lowest_inputs(network: Any, values: Array) -> list[float]:
    """For each normalisation, in the order of execution, the smallest value that it was given."""
    lowest: list[float] = []

    def look(_layer: Any, given: Any, _made: Any) -> None:
        lowest.append(float(given.detach().min()))

    with watched(norms(network), look):
        run(network, values)
    return lowest


def spacing(convolution: Any) -> int:
    """Distance of the outputs that one pixel of the input reaches: the dilation of a convolution of stride 1.

    0 where it reaches one output at most. Measured, not read: a pixel in the middle is raised.
    """
    import torch

    side = 17
    like = convolution.weight
    flat = torch.zeros((1, convolution.in_channels, side, side), dtype=like.dtype, device=like.device)
    raised = flat.clone()
    raised[..., side // 2, side // 2] = 1.0
    with torch.no_grad():
        reached = (convolution(raised) - convolution(flat)).abs().amax((0, 1))
    columns = torch.nonzero(reached.amax(0)).flatten().tolist()
    return columns[1] - columns[0] if len(columns) > 1 else 0


@dataclass(frozen=True)
class Field:
    """What one prediction depends on.

    Attributes:
        column: of the prediction.
        first, last: columns of the input; −1 where there is none.
        whole: whether the image was wide enough to see all of it.
    """

    column: int
    first: int
    last: int
    whole: bool


def receptive_field(network: Any, height: int, width: int, limit: int) -> Field:
    """The columns of the input that a prediction in the middle depends on.

    From the gradient, whose zeros outside are exact; the image is made wider until the field fits, up to `limit`.
    """
    import torch

    while True:
        values = np.random.default_rng(17).uniform(0.0, 100.0, (1, 1, height, width))
        given = tensor(values, network).requires_grad_()
        output = network(given)
        column = output.shape[3] // 2
        middle = output[0, :, output.shape[2] // 2, column]
        signs = torch.tensor(np.random.default_rng(19).choice([-1.0, 1.0], len(middle))).to(middle)
        (gradient,) = torch.autograd.grad((middle * signs).sum(), given)
        columns = torch.nonzero(gradient.abs().amax((0, 1, 2))).flatten().tolist() or [-1]
        whole = columns[0] != 0 and columns[-1] != width - 1
        if whole or width >= limit:
            return Field(column, columns[0], columns[-1], whole)
        width *= 2
