"""The network: shape of what comes out, and how many numbers it was trained on."""

import numpy as np

from audit.papers.probe import Array, Measured, part
from audit.papers.zhang2016.subject import Subject

HEIGHT, WIDTH = 64, 96


def lightness() -> Array:
    """One image of lightness 0 to 100, 1×1×64×96."""
    return np.random.default_rng(3).uniform(0.0, 100.0, (1, 1, HEIGHT, WIDTH)).astype(np.float32)


def shape_of(subject: Subject, name: str) -> tuple[int, int, int]:
    """(channels, height, width) of an output for that image."""
    result = np.asarray(part(subject, name)(lightness()))
    if result.ndim != 4 or result.shape[0] != 1:
        raise ValueError(f"{name}() returned shape {result.shape}, expected 1×Q×h×w")
    if not np.isfinite(result).all():
        raise ValueError(f"{name}() returned NaN or infinity")
    return int(result.shape[1]), int(result.shape[2]), int(result.shape[3])


def channels(subject: Subject) -> Measured:
    """Bins that the network predicts."""
    return Measured(shape_of(subject, "logits")[0], call=f"logits(1×1×{HEIGHT}×{WIDTH})")


def stride(subject: Subject) -> Measured:
    """Pixels of the input to one of the prediction; 0 where height and width disagree or do not divide."""
    _, height, width = shape_of(subject, "logits")
    call = f"logits(1×1×{HEIGHT}×{WIDTH})"
    if HEIGHT % height or WIDTH % width or HEIGHT // height != WIDTH // width:
        return Measured(0, call=call, note=f"the prediction is {height}×{width}")
    return Measured(HEIGHT // height, call=call)


def output_size(subject: Subject) -> Measured:
    """Height and width of the output for that image."""
    _, height, width = shape_of(subject, "output")
    return Measured(f"{height}×{width}", call=f"output(1×1×{HEIGHT}×{WIDTH})")


def parameters(subject: Subject) -> Measured:
    """Trained numbers."""
    return Measured(int(part(subject, "parameter_count")()), call="parameter_count()")
