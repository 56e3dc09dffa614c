"""What an implementation shows of itself. Every part is optional; what is missing stays unknown."""

from typing import Any, Protocol

from audit.papers.probe import Array


class Subject(Protocol):
    """NumPy arrays in and out, colours in Lab units, Q bins, M pixels. Leave out what there is not.

    An adapter need not inherit from this; it says what the probes call.
    """

    def rgb_to_lab(self, rgb: Array) -> Array:
        """M×3 uint8 sRGB -> M×3 Lab, L in 0..100."""

    def training_pair(self, rgb: Array) -> tuple[Array, Array]:
        """N×3×H×W uint8 sRGB -> what training makes of it: the network's N×1×H×W input, and targets ab N×2×h×w."""

    def bins(self) -> Array:
        """Q×2: the (a, b) of every bin, in the order of the logits' channels."""

    def encode(self, ab: Array) -> Array:
        """M×2 colours -> M×Q soft targets."""

    def smooth_prior(self, counts: Array) -> Array:
        """Q counts of pixels -> Q: the smoothed prior."""

    def class_weights(self, prior: Array) -> Array:
        """Q probabilities -> Q weights of the loss."""

    def decode(self, logits: Array) -> Array:
        """M×Q logits -> M×2 colours."""

    def loss_gradient(self, logits: Array, ab: Array, weights: Array) -> Array:
        """Gradient of the training loss of one image of M pixels, with Q class weights, by its logits: M×Q."""

    def batch_gradient(self, logits: Array, ab: Array, weights: Array) -> Array:
        """The same of a batch of images, logits N×Q×h×w and ab N×2×h×w: N×Q×h×w. May stand in for loss_gradient."""

    def optimiser_path(self, initial: Array, gradients: list[Array]) -> list[Array]:
        """P parameters after each step of a fresh optimiser that is handed these P gradients one after another."""

    def rate_at(self, step: int) -> float:
        """Learning rate of step 0, 1, … of a run of 450,000 steps."""

    def network(self) -> Any:
        """The network as a torch module in evaluation mode: N×1×H×W, as training_pair gives it or lightness in 0..100,
        -> N×Q×h×w, as small as it predicts. May stand in for logits.
        """

    def logits(self, lightness: Array) -> Array:
        """N×1×H×W lightness -> N×Q×h×w, as small as the network predicts."""

    def output(self, lightness: Array) -> Array:
        """N×1×H×W lightness -> the output at the input's size, N×Q×H×W."""

    def parameter_count(self) -> int:
        """Trained numbers in the network."""
