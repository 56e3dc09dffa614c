"""What an implementation shows of itself so that its memory can be predicted and measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from audit.errors import AuditError
from footprint import Prepare


class Training(Protocol):
    """How to prepare training."""

    def __call__(self, model: str, batch: int, side: int, precision: str, checkpointing: bool, device: str) -> Prepare:
        """A function that builds the network, its optimiser and a batch on `device`, and returns (network, step)."""
        ...


class Inference(Protocol):
    """How to prepare a prediction."""

    def __call__(self, model: str, side: int, precision: str, device: str) -> Prepare:
        """As `Training`; the step predicts one square of `side` pixels, returns the result and needs no gradients."""
        ...


@dataclass(frozen=True)
class Subject:
    """An adapter's attributes. It need not import this; what it leaves out but `models` has the value given here.

    Attributes:
        models: names that `training` and `inference` understand.
        training: None where nothing is trained.
        inference: None where nothing is predicted.
        precisions: "fp32", "bf16", ... that they understand; the first is the one that all checks use.
        checkpointing: whether `training` can recompute activations.
        crop: side of training crops in pixels, for the table.
        small: side of what really runs in the checks.
        multiple: sides of tiles are multiples of it.
    """

    models: Sequence[str]
    training: Training | None = None
    inference: Inference | None = None
    precisions: Sequence[str] = ("fp32",)
    checkpointing: bool = False
    crop: int = 256
    small: int = 64
    multiple: int = 32

    @property
    def recomputations(self) -> tuple[bool, ...]:
        """The settings of checkpointing that there are."""
        return (False, True) if self.checkpointing else (False,)


def read(adapter: str, made: Any) -> Subject:
    """What an adapter made, as a `Subject`.

    Raises:
        AuditError: it names no models, or neither training nor inference.
    """
    names = [name for name in Subject.__dataclass_fields__ if getattr(made, name, None) is not None]
    subject = Subject(**{"models": (), **{name: getattr(made, name) for name in names}})
    if not subject.models or (subject.training is None and subject.inference is None):
        raise AuditError(
            f"{adapter} made {type(made).__name__}, expected an object with `models`, names of networks, and at least "
            "one of `training` and `inference`: see docs/memory.md"
        )
    return subject


def chosen(subject: Subject, models: Sequence[str]) -> Subject:
    """The same of these models only; of all where none is named.

    Raises:
        AuditError: there is no such model.
    """
    for name in models:
        if name not in subject.models:
            raise AuditError(f"no model is called {name!r}; there are: {', '.join(subject.models)}")
    return replace(subject, models=tuple(models)) if models else subject
