"""What the measured cost of an image comes to for 1.3 million and for 1,000 million; docs/scale.md has the sources."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.inference import flops
from colorlib.data.shard import ShardSettings
from colorlib.models import PaperNet

SCALES = {"1.3 M": 1_300_000, "1 G": 1_000_000_000}  # images
LINK = 1.25e9  # bytes a second: 10 Gbit/s
TASK = 1e-3  # seconds of Dask's scheduler for a piece of work
CORE_HOUR = 0.2016 / 4  # dollars: an m7i.xlarge has four virtual ones
# Dollars a GB for each part of so many bytes: of storage a month, and out of the cloud.
STORAGE = ((50e12, 0.023), (450e12, 0.022), (float("inf"), 0.021))
EGRESS = ((10e12, 0.09), (40e12, 0.085), (100e12, 0.07), (float("inf"), 0.05))
GET, PUT = 0.0004 / 1000, 0.005 / 1000  # dollars for an object
SHARD = ShardSettings().per_shard  # images, in two objects
ENTRY = 44e3  # bytes of an image in the cache (docs/cache.md)
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
        piece: images that the scheduler hands out at once; None where it has no part.
    """

    stage: str
    seconds: float
    read: float
    written: float
    piece: int | None = None


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
        cells = "".join(f" {size / 1e12:,.2f} | {priced(size, STORAGE):,.2f} |" for size in sizes)
        lines.append(f"| {name} | {each / 1e3:.0f} |{cells}")
    return "\n".join(lines)


def together(costs: list[Cost], files: dict[str, float]) -> str:
    """The bill: what is paid once, and what is paid each month, in dollars."""
    seconds = sum(cost.seconds for cost in costs)
    kept = sum(files[name] for name in ("originals", "shards", "pictures"))
    bill: dict[str, Callable[[int], float]] = {
        "processor time of all stages": lambda images: seconds * images / 3600 * CORE_HOUR,
        "requests: each original read once": lambda images: images * GET,
        "requests: shards written": lambda images: 2 * images / SHARD * PUT,
        "requests: pictures written": lambda images: images * PUT,
        "pictures out of the cloud": lambda images: priced(files["pictures"] * images, EGRESS),
        "originals, shards and pictures, a month": lambda images: priced(kept * images, STORAGE),
    }
    lines = ["| what |" + "".join(f" $, {scale} |" for scale in SCALES), "|---|" + "---:|" * len(SCALES)]
    for what, dollars in bill.items():
        lines.append(f"| {what} |" + "".join(f" {dollars(images):,.2f} |" for images in SCALES.values()))
    return "\n".join(lines)


def priced(size: float, tiers: tuple[tuple[float, float], ...]) -> float:
    """Dollars for so many bytes, where each tier has its price."""
    dollars = 0.0
    for most, price in tiers:
        part = min(size, most)
        dollars += part / 1e9 * price
        size -= part
    return dollars


def saturation(costs: list[Cost]) -> str:
    """How many cores fill a link of 10 Gbit/s, the busier way, or keep a scheduler busy; how long 1 G images take."""
    heads = ("MB/s a core", "cores that fill 10 Gbit/s", "cores that a scheduler feeds", "hours for 1 G images")
    lines = [f"| stage | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for cost in costs:
        moved = max(cost.read, cost.written)
        link = LINK * cost.seconds / moved
        fed = float("inf") if cost.piece is None else cost.piece * cost.seconds / TASK
        hours = SCALES["1 G"] * cost.seconds / min(link, fed) / 3600
        line = f"| {cost.stage} | {moved / cost.seconds / 1e6:.1f} | {link:,.0f}"
        lines.append(f"{line} | {'' if cost.piece is None else f'{fed:,.0f}'} | {hours:.0f} |")
    return "\n".join(lines)


def training(reading: float, stored: float) -> str:
    """The paper's training on one GPU, from the operations of a step.

    Args:
        reading: core-seconds an image.
        stored: bytes of an image in a shard.
    """
    model = PaperNet(grid="paper")
    step = BACKWARD * BATCH * flops(model, CROP, CROP)
    gradients = 4 * sum(weight.numel() for weight in model.parameters())
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
    lines += ["", f"Shards over 1 Gbit/s: {LINK / 10 / stored:,.0f} images/s."]
    lines.append(f"Gradients: {gradients / 1e6:.0f} MB a step; summed over 10 Gbit/s in {2 * gradients / LINK:.2f} s.")
    return "\n".join(lines)
