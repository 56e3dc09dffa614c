"""What the measured cost of an image comes to for 1.3 million and for 1,000 million; docs/scale.md has the sources."""

from dataclasses import dataclass

from benchmarks.inference import flops
from colorlib.models import PaperNet

SCALES = {"1.3 M": 1_300_000, "1 G": 1_000_000_000}  # images
IMAGENET = 147.9e9 / 1_281_167  # bytes a photograph: the size of ILSVRC 2012's training archive, and its images
LINK = 1.25e9  # bytes a second: 10 Gbit/s
CORE_HOUR = 0.192 / 4  # dollars: an m5.xlarge has four
STORAGE = ((50e12, 0.023), (450e12, 0.022), (float("inf"), 0.021))  # dollars a GB and month, up to so many bytes each
STEPS, BATCH, CROP = 450_000, 40, 176  # of the paper's training
BACKWARD = 3  # a backward pass costs twice a forward pass
UTILISATION = (0.2, 0.4)  # of the peak, as convolutions reach it


@dataclass(frozen=True)
class Gpu:
    """A processor to train on.

    Attributes:
        name: with the arithmetic.
        peak: dense FLOP/s of the datasheet.
        dollars: an hour, lowest and highest usual price.
    """

    name: str
    peak: float
    dollars: tuple[float, float]


GPUS = (
    Gpu("A100, TF32", 156e12, (1.49, 2.49)),
    Gpu("A100, 16 bits", 312e12, (1.49, 2.49)),
    Gpu("H100 SXM, 16 bits", 989e12, (2.49, 3.99)),
)


@dataclass(frozen=True)
class Cost:
    """What one image costs in a stage.

    Attributes:
        stage: its name.
        seconds: of one core.
        read: bytes.
        written: bytes.
    """

    stage: str
    seconds: float
    read: float
    written: float


def per_image(costs: list[Cost]) -> str:
    """One line a stage: the measurements."""
    lines = ["| stage | core-ms/image | images/s a core | KB read | KB written |", "|---|---:|---:|---:|---:|"]
    for cost in costs:
        line = f"| {cost.stage} | {1e3 * cost.seconds:.1f} | {1 / cost.seconds:.0f}"
        lines.append(f"{line} | {cost.read / 1e3:.0f} | {cost.written / 1e3:.0f} |")
    return "\n".join(lines)


def work(costs: list[Cost]) -> str:
    """Core-hours and dollars of each stage."""
    heads = "".join(f" core-hours, {scale} | $ |" for scale in SCALES)
    lines = [f"| stage |{heads}", "|---|" + "---:|" * (2 * len(SCALES))]
    for cost in costs:
        hours = [cost.seconds * images / 3600 for images in SCALES.values()]
        lines.append(f"| {cost.stage} |" + "".join(f" {h:,.1f} | {h * CORE_HOUR:,.2f} |" for h in hours))
    return "\n".join(lines)


def storage(files: dict[str, float]) -> str:
    """Space and dollars a month, for bytes an image."""
    heads = "".join(f" TB, {scale} | $ a month |" for scale in SCALES)
    lines = [f"| files | KB/image |{heads}", "|---|---:|" + "---:|" * (2 * len(SCALES))]
    for name, each in files.items():
        sizes = [each * images for images in SCALES.values()]
        cells = "".join(f" {size / 1e12:,.2f} | {monthly(size):,.2f} |" for size in sizes)
        lines.append(f"| {name} | {each / 1e3:.0f} |{cells}")
    return "\n".join(lines)


def monthly(size: float) -> float:
    """Dollars a month for so many bytes of object storage."""
    dollars = 0.0
    for most, price in STORAGE:
        part = min(size, most)
        dollars += part / 1e9 * price
        size -= part
    return dollars


def saturation(costs: list[Cost]) -> str:
    """How many cores fill a link of 10 Gbit/s, the busier way, and how long 1 G images then take."""
    lines = ["| stage | MB/s a core | cores that fill 10 Gbit/s | hours for 1 G images on that link |"]
    lines.append("|---|---:|---:|---:|")
    for cost in costs:
        moved = max(cost.read, cost.written)
        hours = SCALES["1 G"] * moved / LINK / 3600
        lines.append(
            f"| {cost.stage} | {moved / cost.seconds / 1e6:.1f} | {LINK * cost.seconds / moved:,.0f} | {hours:.0f} |"
        )
    return "\n".join(lines)


def training(reading: float) -> str:
    """The paper's training on one GPU, from the operations of a step; `reading` is core-seconds an image."""
    step = BACKWARD * BATCH * flops(PaperNet(grid="paper"), CROP, CROP)
    lines = [f"A step is {step / 1e12:.2f} TFLOP, the training {STEPS * step / 1e18:.2f} EFLOP.", ""]
    lines.append("| GPU | share of its peak | ms/step | images/s | cores that read | hours for the training | $ |")
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for gpu in GPUS:
        for share in UTILISATION:
            seconds = step / (share * gpu.peak)
            rate, hours = BATCH / seconds, STEPS * seconds / 3600
            line = f"| {gpu.name} | {share:.0%} | {1e3 * seconds:.0f} | {rate:,.0f} | {rate * reading:.1f}"
            low, high = (hours * dollars for dollars in gpu.dollars)
            lines.append(f"{line} | {hours:.1f} | {low:.0f} to {high:.0f} |")
    return "\n".join(lines)
