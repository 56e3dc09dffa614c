"""Predictions against a GPU, where there is one.

A prediction knows tensors. A GPU also holds the CUDA context and what cuDNN and cuBLAS take for themselves: constants
of the card and the libraries, measured in a small run and stated. A large run must then agree.
"""

from dataclasses import dataclass

import torch

from audit.errors import NotRunError
from audit.memory import CUDA
from audit.memory.checks import summary
from audit.memory.subject import Subject, Training
from audit.model import Check, Evidence, Row, Verdict
from footprint import format_size, training_peak
from footprint.measure import cuda_available, cuda_peak

TOLERANCE = 10.0  # percent, after the constants
SMALL_BATCH, BATCH = 1, 8
REMEDY = "run `python -m audit memory --device cuda` on a machine with a GPU"


@dataclass(frozen=True)
class Constants:
    """Bytes that no prediction covers.

    Attributes:
        workspace: of cuDNN and cuBLAS, inside torch's allocator.
        context: on the device and outside of the allocator: the CUDA context, and every other process.
    """

    workspace: int
    context: int


def cuda_check(subject: Subject) -> Check:
    """Each model and precision: what tensors take, and what the device holds in all.

    Raises:
        NotRunError: there is no CUDA device, or nothing to train.
    """
    if not cuda_available():
        raise NotRunError("there is no CUDA device on this machine", REMEDY)
    if subject.training is None:
        raise NotRunError("the subject has no training()", "give it one")
    rows: list[Row] = []
    for model in subject.models:
        for precision in subject.precisions:
            rows += compared(subject.training, model, precision, subject.small, subject.crop)
    return summary(CUDA, tuple(rows), f"within {TOLERANCE:g} % after the stated constants")


def compared(training: Training, model: str, precision: str, small: int, side: int) -> tuple[Row, Row]:
    """A row for the tensors and one for the whole device."""
    constants = calibrated(training, model, precision, small)
    predicted, (allocated, _, device) = both(training, model, BATCH, side, precision)
    what = f"{model}, training, {precision}, batch {BATCH}, {side}×{side}"
    inside = predicted + constants.workspace
    return (
        row(f"{model}.{precision}.tensors", f"{what}: tensors", inside, allocated, constants),
        row(f"{model}.{precision}.device", f"{what}: the device", inside + constants.context, device, constants),
    )


def calibrated(training: Training, model: str, precision: str, side: int) -> Constants:
    """The constants, from a run in which tensors take little."""
    predicted, (allocated, reserved, device) = both(training, model, SMALL_BATCH, side, precision)
    return Constants(max(0, allocated - predicted), max(0, device - reserved))


def both(training: Training, model: str, batch: int, side: int, precision: str) -> tuple[int, tuple[int, int, int]]:
    """The prediction, and (allocated, reserved, device) of a real run."""
    predicted = training_peak(training(model, batch, side, precision, False, "cpu"), device="cuda").total
    found = cuda_peak(training(model, batch, side, precision, False, "cuda"))
    return predicted, (found.allocated, found.reserved, found.device)


def row(identifier: str, name: str, predicted: int, measured: int, constants: Constants) -> Row:
    """Measured against the prediction with its constants."""
    off = round(100 * (measured / predicted - 1), 1) + 0.0
    stated = f"workspace {format_size(constants.workspace)}, context {format_size(constants.context)}"
    evidence = Evidence(
        command=f"footprint.measure.cuda_peak against footprint.training_peak: {name}", measured=off,
        expected=f"± {TOLERANCE:g}", unit="% of prediction and constants", versions=(("torch", torch.__version__),),
    )  # fmt: skip
    message = f"{name}: predicted {format_size(predicted)} with {stated}; found {format_size(measured)}, {off:+.1f} %"
    return Row(identifier, name, "", "", Verdict.PASS if abs(off) <= TOLERANCE else Verdict.FAIL, evidence, message)
