"""The network: shape of what comes out, how far it sees, where it normalises, whether it answers the same twice."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from audit.papers import torch_probe
from audit.papers.probe import Array, Measured, MissingPartError, part
from audit.papers.zhang2016.subject import Subject

HEIGHT, WIDTH = 64, 96
STRIDE = 4
FIELD_HEIGHT, FIELD_WIDTH, WIDEST = 32, 512, 4096  # images in which the receptive field is looked for


def lightness() -> Array:
    """One image of lightness 0 to 100, 1×1×64×96."""
    return np.random.default_rng(3).uniform(0.0, 100.0, (1, 1, HEIGHT, WIDTH)).astype(np.float32)


def predictor(subject: Subject) -> Callable[[Array], Array]:
    """From N×1×H×W to the prediction, by logits() or else by one network()."""
    if getattr(subject, "logits", None) is None and getattr(subject, "network", None) is not None:
        return partial(torch_probe.run, part(subject, "network")())
    logits = part(subject, "logits")
    return lambda values: np.asarray(logits(values))


def predict(subject: Subject, values: Array) -> Array:
    """The prediction for N×1×H×W."""
    return predictor(subject)(values)


def shape_of(result: Array, name: str) -> tuple[int, int, int]:
    """(channels, height, width) of an output for one image."""
    if result.ndim != 4 or result.shape[0] != 1:
        raise ValueError(f"{name}() returned shape {result.shape}, expected 1×Q×h×w")
    if not np.isfinite(result).all():
        raise ValueError(f"{name}() returned NaN or infinity")
    return int(result.shape[1]), int(result.shape[2]), int(result.shape[3])


def channels(subject: Subject) -> Measured:
    """Bins that the network predicts."""
    result = predict(subject, lightness())
    return Measured(shape_of(result, "logits")[0], call=f"logits(1×1×{HEIGHT}×{WIDTH})")


def stride(subject: Subject) -> Measured:
    """Pixels of the input to one of the prediction; 0 where height and width disagree or do not divide."""
    _, height, width = shape_of(predict(subject, lightness()), "logits")
    call = f"logits(1×1×{HEIGHT}×{WIDTH})"
    if HEIGHT % height or WIDTH % width or HEIGHT // height != WIDTH // width:
        return Measured(0, call=call, note=f"the prediction is {height}×{width}")
    return Measured(HEIGHT // height, call=call)


def output_size(subject: Subject) -> Measured:
    """Height and width of the output for that image."""
    _, height, width = shape_of(np.asarray(part(subject, "output")(lightness())), "output")
    return Measured(f"{height}×{width}", call=f"output(1×1×{HEIGHT}×{WIDTH})")


def parameters(subject: Subject) -> Measured:
    """Trained numbers, as parameter_count() says or as the network's own weights add up."""
    if getattr(subject, "parameter_count", None) is None and getattr(subject, "network", None) is not None:
        weights = module(subject).parameters()
        return Measured(sum(int(weight.numel()) for weight in weights), call="weights of network()")
    return Measured(int(part(subject, "parameter_count")()), call="parameter_count()")


def module(subject: Subject) -> Any:
    """The network as a torch module."""
    network = part(subject, "network")()
    if not list(network.parameters()):
        raise MissingPartError("the subject's network() has no weights")
    return network


FIELD_CALL = "gradient of one prediction of network() by its input"


def field(subject: Subject) -> torch_probe.Field:
    """What a prediction in the middle depends on."""
    return torch_probe.receptive_field(module(subject), FIELD_HEIGHT, FIELD_WIDTH, WIDEST)


def receptive_field(subject: Subject) -> Measured:
    """Columns of the input that one prediction depends on."""
    seen = field(subject)
    extent = seen.last - seen.first + 1 if seen.last >= 0 else 0
    note = "" if seen.whole else f"wider than {WIDEST} pixels"
    return Measured(extent, 0.0 if seen.whole else np.inf, FIELD_CALL, note)


def alignment(subject: Subject) -> Measured:
    """How far the middle of what prediction j depends on lies from pixel 4j."""
    seen = field(subject)
    middle = (seen.first + seen.last) / 2
    return Measured(middle - STRIDE * seen.column, 0.0 if seen.whole else np.inf, FIELD_CALL)


def dilated(subject: Subject) -> Measured:
    """Convolutions in which one pixel reaches every second output."""
    layers = torch_probe.convolutions(module(subject))
    spacings = [torch_probe.spacing(layer) for layer in layers]
    others = sorted({number for number in spacings if number > 2})
    note = f"others reach every {others[0]}th" if others else ""
    return Measured(spacings.count(2), call=f"one pixel raised before each of {len(layers)} convolutions", note=note)


def norms(subject: Subject) -> Measured:
    """Normalisations that take part in a prediction."""
    lowest = torch_probe.lowest_inputs(module(subject), lightness())
    return Measured(len(lowest), call=f"network(1×1×{HEIGHT}×{WIDTH}): layers that ran")


def norm_place(subject: Subject) -> Measured:
    """Whether the normalisations are given values that a ReLU has been over, which are never negative."""
    lowest = torch_probe.lowest_inputs(module(subject), lightness())
    after = sum(value >= 0 for value in lowest)
    call = f"network(1×1×{HEIGHT}×{WIDTH}): smallest input of each normalisation"
    if not lowest:
        return Measured("none", call=call)
    if 0 < after < len(lowest):
        return Measured(f"{after} of {len(lowest)} after ReLU", call=call)
    return Measured("after ReLU" if after else "before ReLU", call=call)


def difference(first: Array, second: Array) -> float:
    """Largest difference, in standard deviations of the first."""
    largest = float(np.abs(first - second).max())
    return largest / float(first.std()) if largest else 0.0


def repeat(subject: Subject) -> Measured:
    """How much the prediction differs when asked again, as dropout would make it."""
    values = lightness()
    ask = predictor(subject)
    first, second = ask(values), ask(values)
    return Measured(difference(first, second), 0.0, f"logits(1×1×{HEIGHT}×{WIDTH}), twice")


def company(subject: Subject) -> Measured:
    """How much the prediction for an image differs when another is beside it, as batch statistics would make it."""
    values = lightness()
    ask = predictor(subject)
    alone = ask(values)
    beside = ask(np.concatenate((values, values[:, :, ::-1] * 0.5)))[:1]
    return Measured(difference(alone, beside), 0.0, f"logits(1×1×{HEIGHT}×{WIDTH}), alone and beside another image")
