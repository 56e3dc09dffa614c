"""What an implementation of pix2pix shows of itself. Every part is optional; what is missing stays unknown."""

from typing import Any, Protocol

from audit.papers.probe import Array


class Subject(Protocol):
    """Images are N×3×256×256 in −1..1. An adapter need not inherit from this; it says what the probes call."""

    def generator(self) -> Any:
        """A fresh generator as a torch module, in the mode in which it makes pictures: N×3×H×W -> N×3×H×W."""

    def discriminator(self) -> Any:
        """A fresh discriminator as a torch module: input beside output, N×6×H×W -> one logit a patch, N×1×h×w."""

    def generator_gradients(self, made: Array, target: Array, judged: Array) -> tuple[Array, Array]:
        """Gradient of the generator's loss by what it made, N×3×H×W, and by the discriminator's logits, N×1×h×w."""

    def discriminator_gradients(self, real: Array, made: Array) -> tuple[Array, Array]:
        """Gradient of the discriminator's loss by its logits for real and for made pictures, N×1×h×w each."""

    def optimiser_path(self, initial: Array, gradients: list[Array]) -> list[Array]:
        """P parameters after each step of a fresh optimiser that is handed these P gradients one after another."""
