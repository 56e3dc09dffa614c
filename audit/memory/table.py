"""What one would want to know before renting a card: models × precision × batch, and the largest that fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.memory.subject import Inference, Subject, Training
from footprint import Peak, Prepare, inference_peak, largest, training_peak

BATCHES = (1, 8, 32)
SIDES = (256, 512, 1024)  # pixels
MOST_IMAGES = 4096
MOST_PIXELS = 8192  # of a tile's side


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        model: its name.
        precision: of the forward pass.
        checkpointing: whether activations are recomputed; None in inference.
        parameters: bytes of weights and buffers.
        peaks: (batch or side, bytes at the peak).
        largest: the largest batch or side that fits; 0 where none does.
    """

    model: str
    precision: str
    checkpointing: bool | None
    parameters: int
    peaks: tuple[tuple[int, int], ...]
    largest: int


@dataclass(frozen=True)
class Table:
    """Predictions for one device and budget.

    Attributes:
        device: that the predictions stand for.
        budget: bytes of the card.
        constant: bytes of it that no prediction covers: the context, workspaces of libraries.
        crop: side of the training crops in pixels.
        training: peaks by batch.
        inference: peaks by side.
    """

    device: str
    budget: int
    constant: int
    crop: int
    training: tuple[Line, ...]
    inference: tuple[Line, ...]


Progress = Callable[[str], None]


def predict(subject: Subject, device: str, budget: int, constant: int, progress: Progress) -> Table:
    """Fill the table.

    Args:
        device: "cpu" or "cuda"; what the predictions stand for.
        budget: bytes.
        constant: bytes to leave free.
        progress: is told of each line.
    """
    left = budget - constant
    training, inference = [], []
    for model in subject.models:
        for precision in subject.precisions:
            progress(f"{model}, {precision}")
            if subject.training is not None:
                training += [
                    training_line(subject.training, model, precision, flag, subject.crop, device, left)
                    for flag in recomputations(subject, precision)
                ]
            if subject.inference is not None:
                inference.append(inference_line(subject.inference, model, precision, subject.multiple, device, left))
    return Table(device, budget, constant, subject.crop, tuple(training), tuple(inference))


def recomputations(subject: Subject, precision: str) -> tuple[bool, ...]:
    """With and without; but who recomputes to save memory does it in the precision that saves most, the last one."""
    return subject.recomputations if precision == subject.precisions[-1] else (False,)


def training_line(
    training: Training, model: str, precision: str, checkpointing: bool, crop: int, device: str, budget: int
) -> Line:
    """Peaks by batch at the training crop."""

    def prepare(batch: int) -> Prepare:
        return training(model, batch, crop, precision, checkpointing, "cpu")

    peaks = Peaks(lambda batch: training_peak(prepare(batch), device=device))
    known = peaks.at(BATCHES)
    most = largest(peaks.total, budget, MOST_IMAGES, start=BATCHES[-1])
    return Line(model, precision, checkpointing, peaks.parameters, known, most)


def inference_line(inference: Inference, model: str, precision: str, multiple: int, device: str, budget: int) -> Line:
    """Peaks by side."""

    def prepare(side: int) -> Prepare:
        return inference(model, side, precision, "cpu")

    peaks = Peaks(lambda side: inference_peak(prepare(side), device=device))
    known = peaks.at(SIDES)
    most = largest(peaks.total, budget, MOST_PIXELS, multiple, power=2, start=SIDES[-1] // multiple * multiple)
    return Line(model, precision, None, peaks.parameters, known, most)


class Peaks:
    """Rehearses each size once."""

    def __init__(self, rehearse: Callable[[int], Peak]) -> None:
        self._rehearse = rehearse
        self._known: dict[int, Peak] = {}

    def total(self, size: int) -> int:
        """Bytes at the peak."""
        if size not in self._known:
            self._known[size] = self._rehearse(size)
        return self._known[size].total

    def at(self, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """(size, bytes at the peak) of each."""
        return tuple((size, self.total(size)) for size in sizes)

    @property
    def parameters(self) -> int:
        """Bytes of weights and buffers, the same at every size."""
        return next(iter(self._known.values())).parameters
