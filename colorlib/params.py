"""Every number of the paper, once: value, symbol, unit, and where the paper says it.

Source: Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (arXiv:1603.08511), called "paper" below, and the
authors' released Caffe code, called "release". The functions of `colorlib` take these values as their defaults, so
a change here changes what the library does, and `python -m audit` measures what the library does.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One number of the paper.

    Attributes:
        value: the number as used here.
        symbol: the paper's letter for it, or its plain name.
        unit: what it counts or measures ("1" for a pure number).
        source: section or equation of the paper, and what the release does where the two differ.
    """

    value: T
    symbol: str
    unit: str
    source: str


GRID_STEP = Parameter(10, "grid size", "ab units", "paper, section 2.2: ab space in bins with grid size 10")
BINS = Parameter(313, "Q", "bins", "paper, section 2.2: Q = 313 ab values which are in gamut")

NEIGHBOURS = Parameter(5, "K", "bins", "paper, section 2.2: 5 nearest neighbours; the release uses 10")
ENCODING_SIGMA = Parameter(5.0, "σ", "ab units", "paper, section 2.2: Gaussian kernel with σ = 5")

UNIFORM_SHARE = Parameter(0.5, "λ", "1", "paper, eq. 4: mix with a uniform distribution of weight λ = 1/2")
SMOOTHING_SIGMA = Parameter(5.0, "σ", "ab units", "paper, section 2.2: prior smoothed with a Gaussian kernel of σ = 5")

TEMPERATURE = Parameter(0.38, "T", "1", "paper, eq. 5: T = 0.38; the release multiplies logits by 2.606 = 1 / 0.3837")

ADAM_BETA1 = Parameter(0.9, "β₁", "1", "paper, section 3.1: Adam with β₁ = .9")
ADAM_BETA2 = Parameter(0.99, "β₂", "1", "paper, section 3.1: Adam with β₂ = .99")
WEIGHT_DECAY = Parameter(1e-3, "weight decay", "1", "paper, section 3.1: 10⁻³; coupled (L2) in the release")
LEARNING_RATE = Parameter(3e-5, "learning rate", "1", "paper, section 3.1: 3 × 10⁻⁵; the release 3.16 × 10⁻⁵")
LEARNING_RATE_STEPS = Parameter(
    ((200_000, 1e-5), (375_000, 3e-6)), "(iteration, learning rate)", "iterations, 1", "paper, section 3.1"
)
BATCH_SIZE = Parameter(40, "batch size", "images", "release, solver and train prototxt")

L_CENTRE = Parameter(50.0, "L centre", "L units", "release: the network's input is L − 50")
STRIDE = Parameter(4, "output stride", "pixels", "paper, figure 2: predicted at a quarter of the input")
GREY_THRESHOLD = Parameter(5.0, "|ab|", "ab units", "release: images with no |ab| > 5 are masked from the loss")
IMAGE_SIZE = Parameter(256, "image size", "pixels", "release: images are resized to 256 × 256")
CROP_SIZE = Parameter(176, "crop", "pixels", "release: random crops of 176 × 176, mirrored at random")

AUC_LIMIT = Parameter(150.0, "AuC limit", "ab units", "paper, section 3.1: thresholds from 0 to 150, one unit apart")
