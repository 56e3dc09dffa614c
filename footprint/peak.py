"""What a prediction or a measurement comes to."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a block of memory is for."""

    PARAMETERS = "parameters"
    GRADIENTS = "gradients"
    OPTIMISER = "optimiser"
    ACTIVATIONS = "activations"


@dataclass(frozen=True)
class Peak:
    """Bytes alive at the moment when most are.

    Attributes:
        parameters: of the network, with its buffers.
        gradients: of the parameters; what was there when the optimiser stepped.
        optimiser: its state, Adam's two moments for instance.
        activations: all the rest: what is saved for the backward pass, temporaries, the batch.
        workspace: what the operation itself allocates and frees; known for convolutions on a CPU, 0 elsewhere.
        operation: at the end of which the peak was reached.
    """

    parameters: int
    gradients: int
    optimiser: int
    activations: int
    workspace: int
    operation: str

    @property
    def total(self) -> int:
        """The sum of all five."""
        return self.parameters + self.gradients + self.optimiser + self.activations + self.workspace
