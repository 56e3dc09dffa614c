"""Predictions against a GPU, where there is one.

A prediction knows tensors. A GPU also holds the CUDA context and what cuDNN and cuBLAS take for themselves: constants
of the card and the libraries, measured in a small run and stated. A large run must then agree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch

from audit.errors import NotRunError
from audit.memory import CUDA
from audit.memory.checks import raised, summary
from audit.memory.subject import Inference, Subject, Training
from audit.model import Check, Evidence, Row, Verdict
from footprint import Prepare, format_size, training_peak
from footprint.measure import CudaPeak, cuda_available, cuda_peak
from footprint.rehearse import TRAINING_ITERATIONS

TOLERANCE = 10.0  # percent, after the constants
SMALL_BATCH, BATCH = 1, 8
SIDE = 1024  # pixels, of a large prediction
REMEDY = "run `python -m audit memory --device cuda` on a machine with a GPU"


@dataclass(frozen=True)
class Case:
    """One thing to rehearse and to run, small for the constants and large for the comparison.

    Attributes:
        id: of the rows.
        name: for people, of the large run.
        small, large: by device, what `footprint` prepares.
        iterations: of either.
    """

    id: str
    name: str
    small: Callable[[str], Prepare]
    large: Callable[[str], Prepare]
    iterations: int


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
    """Each model and precision, in training and in prediction: what tensors take, and what the device holds in all.

    Raises:
        NotRunError: there is no CUDA device.
    """
    if not cuda_available():
        raise NotRunError("there is no CUDA device on this machine", REMEDY)
    rows = tuple(row for case in cases(subject) for row in guarded(case))
    return summary(CUDA, rows, f"within {TOLERANCE:g} % after the stated constants")


def cases(subject: Subject) -> Iterator[Case]:
    """All that is run."""
    for model in subject.models:
        for precision in subject.precisions:
            if subject.training is not None:
                yield training_case(subject.training, model, precision, subject.small, subject.crop)
            if subject.inference is not None:
                yield inference_case(subject.inference, model, precision, subject.small)


def training_case(training: Training, model: str, precision: str, small: int, side: int) -> Case:
    """Two iterations of training at the configured crop."""

    def prepare(batch: int, side: int, device: str) -> Prepare:
        return training(model, batch, side, precision, False, device)

    name = f"{model}, training, {precision}, batch {BATCH}, {side}×{side}"
    return Case(
        f"{model}.training.{precision}", name, partial(prepare, SMALL_BATCH, small), partial(prepare, BATCH, side),
        TRAINING_ITERATIONS,
    )  # fmt: skip


def inference_case(inference: Inference, model: str, precision: str, small: int) -> Case:
    """One prediction of a large tile."""

    def prepare(side: int, device: str) -> Prepare:
        return inference(model, side, precision, device)

    name = f"{model}, inference, {precision}, {SIDE}×{SIDE}"
    return Case(f"{model}.inference.{precision}", name, partial(prepare, small), partial(prepare, SIDE), 1)


def guarded(case: Case) -> tuple[Row, ...]:
    """The rows of a case; where it raises, as when the card is too small, a row that says so, and the others go on."""
    try:
        return compared(case)
    except Exception as error:
        return (raised(case.id, case.name, error),)


def compared(case: Case) -> tuple[Row, Row]:
    """A row for the tensors and one for the whole device, after the constants of a run in which tensors take little."""
    predicted, found = both(case.small, case.iterations)
    constants = Constants(max(0, found.allocated - predicted), max(0, found.device - found.reserved))
    predicted, found = both(case.large, case.iterations)
    inside = predicted + constants.workspace
    return (
        row(f"{case.id}.tensors", f"{case.name}: tensors", inside, found.allocated, constants),
        row(f"{case.id}.device", f"{case.name}: the device", inside + constants.context, found.device, constants),
    )


def both(prepare: Callable[[str], Prepare], iterations: int) -> tuple[int, CudaPeak]:
    """The prediction, and a real run."""
    predicted = training_peak(prepare("cpu"), iterations=iterations, device="cuda").total
    return predicted, cuda_peak(prepare("cuda"), iterations=iterations)


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
