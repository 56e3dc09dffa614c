"""Suite `inference`: photographs to colour beside the authors' release, a folder beside a loop, a cache hit."""

import copy
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import large, released
from benchmarks.harness import Limit, Mark, Row, interleaved
from benchmarks.painter import PIPELINE, Net, painter
from benchmarks.photographs import LARGE, squares, starter, write_large
from benchmarks.tiling import tiles_row, vast_row
from colorlib.cache import Cache, open_cache
from colorlib.data.photos import decode, to_tensor
from colorlib.inference import Colorizer
from colorlib.inference.assembly import BATCH
from colorlib.inference.files import Options, colorize_file
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import Job
from colorlib.inference.photograph import Photograph, read_photograph
from colorlib.models import ColorNet, MobileLite, PaperNet, save_pretrained
from colorlib.ops.colour_difference import delta_e_2000
from colorlib.ops.lab import rgb_to_lab

SIDE = 256
MATRIX = 2048  # side of the matrices whose product gives the machine's rate
TRAINING_SIDE = 128  # of the photographs that the painting network learns from
FOLDER = 200  # photographs
MEGAPIXEL = (1152, 864)  # pixels
MOST_LARGE_ROUNDS = 3  # each takes half a minute
MOST_FOLDER_ROUNDS = 5
RELEASED = "released pipeline"
PRODUCT = "matrix product, bf16"

Way = Callable[[Image.Image], Image.Image | NDArray[np.uint8]]

LOOP = "loop over the single-image call"
SHARED = "network alone, each batch on all threads"
APART = "network alone, each batch on a thread of its own"


def run(rounds: int = 9, shrink: int = 1) -> list[Row]:
    """Measure every row; `shrink` divides the sides of all images, and the folder, for a quick trial."""
    return [row(rounds, shrink) for row in (small_row, large_row, vast_row, tiles_row, folder_row, cache_row)]


def notes() -> list[str]:
    """What the numbers mean."""
    return [
        "released pipeline: the steps of the authors' PyTorch release, written anew: scikit-image's Lab in float64, "
        "eager fp32 network, bilinear upsampling of ab by torch's convention, which shifts colours by 1.5 pixels",
        "networks: only their last layer is trained (benchmarks/painter.py), enough to paint in colour",
        f"matrix product: of two {MATRIX}×{MATRIX} matrices, in the same run",
        "peak memory: resident, highest while the file is worked on, in a process of its own",
    ]


def small_row(rounds: int, shrink: int) -> Row:
    """One picture of the network's own size, in memory."""
    side = SIDE // shrink
    model = painting(PaperNet, shrink)
    ours, exact = Colorizer(model, side, precision="auto"), Colorizer(model, side)
    image = squares(1, side)[0]

    def release(picture: Image.Image) -> NDArray[np.uint8]:
        return released.colorize(model, picture, side)

    a, b = (torch.rand(MATRIX // shrink, MATRIX // shrink).bfloat16() for _ in range(2))
    lightness = ours.look(Photograph.from_pil(image))
    times = interleaved(
        {
            "ours": lambda: ours(image),
            RELEASED: lambda: release(image),
            "ours, fp32": lambda: exact(image),
            "ours, network alone": lambda: ours.logits(lightness),
            PRODUCT: lambda: a @ b,
        },
        rounds,
    )
    operations = flops(model, side, side)
    rate = operations / times["ours"] / 1e6  # GFLOP/s
    alone = operations / times["ours, network alone"] / 1e6
    product = 2 * (MATRIX // shrink) ** 3 / times[PRODUCT] / 1e6
    pictures = squares(24, side)[1::3]  # the network has not seen them
    facts = {
        "arithmetic": str(ours.engine.dtype).removeprefix("torch."),
        "images/s": f"{1e3 / times['ours']:.3g}, released {1e3 / times[RELEASED]:.3g}",
        "GFLOP an image": f"{operations / 1e9:.3g}",
        "GFLOP/s": f"{rate:.0f} from picture to picture, {alone:.0f} in the network alone",
        "matrix product": f"{product:.0f} GFLOP/s in bf16; the network alone has {100 * alone / product:.0f} % of it",
        "mean ΔE2000 beside the released pipeline": (
            f"{mean_difference(ours, release, pictures):.2f}, of ours in fp32 "
            f"{mean_difference(exact, release, pictures):.2f}"
        ),
        "mean chroma of the pictures": f"{mean_chroma(ours, pictures):.1f}",
    }
    limits = [Limit("mean ΔE2000, bf16 beside fp32", mean_difference(ours, exact, pictures), 0.5)]
    if PIPELINE.is_dir():
        trained, trained_exact = (Colorizer.from_pretrained(PIPELINE, precision) for precision in ("auto", "fp32"))
        value = mean_difference(trained, trained_exact, pictures)
        facts[f"mean ΔE2000 of {PIPELINE.name}, trained by the pipeline"] = f"{value:.2f}"
    return Row(f"{side}×{side}, PaperNet, picture to picture", times, [Mark(RELEASED, 1.9)], facts, limits)


def large_row(rounds: int, shrink: int) -> Row:
    """One photograph of 20 megapixels from file to file, each way in processes of its own."""
    size = (LARGE[0] // shrink, LARGE[1] // shrink)
    outcomes: dict[str, list[large.Outcome]] = {way: [] for way in large.WAYS}
    with tempfile.TemporaryDirectory() as name:
        source, weights = Path(name) / "large.jpg", Path(name) / "weights"
        write_large(source, size)
        save_pretrained(painting(PaperNet, shrink), weights, size=SIDE)
        for turn in range(min(rounds, MOST_LARGE_ROUNDS)):
            for way in large.WAYS:
                outcomes[way].append(large.in_child(way, weights, source, Path(name) / f"{way}-{turn}.jpg"))
    ours, theirs = (outcomes[way] for way in large.WAYS)
    times = {"ours": 1e3 * median(ours, "seconds"), RELEASED: 1e3 * median(theirs, "seconds")}
    limits = [
        Limit(f"peak memory {what} beside the release", 100 * median(ours, field) / median(theirs, field), 40, "%")
        for field, what in (("total", "of the process"), ("extra", "above what it held before"))
    ]
    facts = {
        f"peak memory, {way}": f"{median(found, 'total'):.0f} MiB, {median(found, 'extra'):.0f} for the picture"
        for way, found in outcomes.items()
    }
    facts["megapixels/s"] = f"{size[0] * size[1] / times['ours'] / 1e3:.3g}"
    operation = f"{size[0]}×{size[1]} JPEG to JPEG, PaperNet"
    return Row(operation, times, [Mark(RELEASED, 5)], facts, limits)


def folder_row(rounds: int, shrink: int) -> Row:
    """A folder of photographs from file to file."""
    colorizer = Colorizer(painting(MobileLite, shrink), SIDE, precision="auto")
    photos = starter(max(2, FOLDER // shrink))
    batches = in_batches(colorizer, photos)
    operations = sum(flops(colorizer.model, *batch.shape[2:]) * len(batch) for batch in batches)
    with tempfile.TemporaryDirectory() as name:
        runs = count()
        options = Options()

        def jobs() -> list[Job]:
            folder = Path(name) / str(next(runs))  # a new one each time: nothing is replaced
            return [Job(photo, folder / photo.name) for photo in photos]

        def folder() -> None:
            failed = colorize_folder(colorizer, jobs(), options, lambda _: None).failed
            if failed:
                raise RuntimeError(f"{len(failed)} photographs failed, first {failed[0]}")

        contenders: dict[str, Callable[[], object]] = {
            "ours": folder,
            LOOP: lambda: [colorize_file(colorizer, *job, options) for job in jobs()],
            SHARED: lambda: [network(colorizer, batch) for batch in batches],
            APART: lambda: side_by_side(colorizer, batches),
        }
        times = interleaved(contenders, min(rounds, MOST_FOLDER_ROUNDS), turn=0)
    alone = min(times[SHARED], times[APART])
    limits = [Limit("time beside the network alone in batches, the faster way", 100 * times["ours"] / alone, 115, "%")]
    facts = {
        "arithmetic": str(colorizer.engine.dtype).removeprefix("torch."),
        "images/s": ", ".join(f"{name} {1e3 * len(photos) / ms:.3g}" for name, ms in times.items()),
        "GFLOP an image": f"{operations / len(photos) / 1e9:.3g}",
        "GFLOP/s": f"{operations / times['ours'] / 1e6:.0f}, network alone {operations / alone / 1e6:.0f}",
        "batches": f"{len(batches)}, of up to {max(len(batch) for batch in batches)}",
    }
    operation = f"folder of {len(photos)} photographs, MobileLite, file to file"
    return Row(operation, times, [Mark(LOOP, 1.3)], facts, limits)


def cache_row(rounds: int, shrink: int) -> Row:
    """A picture that was colorized before, from the disk cache."""
    width, height = (side // shrink for side in MEGAPIXEL)
    model = painting(PaperNet, shrink)
    image = decode(starter(1)[0]).resize((width, height), Image.Resampling.BICUBIC)
    with tempfile.TemporaryDirectory() as name, open_caches(Path(name)) as (kept, fresh):
        hitting = Colorizer(model, SIDE, precision="auto", cache=kept)
        missing = Colorizer(model, SIDE, precision="auto", cache=fresh)
        changing = np.array(image)

        def miss() -> Image.Image:
            changing[0, 0] += 1  # another picture each time
            return missing(Image.fromarray(changing))

        times = interleaved(
            {"ours": lambda: hitting(image), "a miss": miss, "colours only": lambda: hitting.analyse(image).ab()},
            rounds,
        )
        counted = kept.statistics()
        photo, picture = Path(name) / "photo.jpg", Path(name) / "picture.jpg"
        image.save(photo, quality=92)
        force, uncached = Options(force=True), Colorizer(model, SIDE, precision="auto")
        files = interleaved(
            {
                "a hit": lambda: colorize_file(hitting, photo, picture, force),
                "no cache": lambda: colorize_file(uncached, photo, picture, force),
            },
            rounds,
        )
    limits = [Limit("time beside a miss", 100 * times["ours"] / times["a miss"], 5, "%")]
    facts = {
        "lookups": f"{counted.hits} hits, {counted.misses} miss",
        "bytes an entry": str(counted.bytes),
        "from file to file": (
            f"{files['a hit']:.1f} ms with a hit, which decodes, renders and encodes, {files['no cache']:.1f} without"
        ),
        "of a hit, until the colours are found": f"{times['colours only']:.1f} ms; the rest renders the picture",
    }
    return Row(f"cache hit, {width}×{height}, PaperNet", times, [Mark("a miss", 20)], facts, limits)


def painting(kind: type[Net], shrink: int) -> Net:
    """A network that paints."""
    return painter(kind, squares(8, TRAINING_SIDE // min(shrink, 4)))


@contextmanager
def open_caches(folder: Path) -> Iterator[tuple[Cache, Cache]]:
    """Two disk caches."""
    caches = [open_cache("disk", directory=folder / name) for name in ("one", "two")]
    with ExitStack() as stack:
        one, two = (stack.enter_context(cache) for cache in caches if cache is not None)
        yield one, two


def in_batches(colorizer: Colorizer, photos: list[Path]) -> list[Tensor]:
    """What the network is shown of the photographs, in the batches in which a folder runs."""
    shapes: dict[tuple[int, ...], list[Tensor]] = {}
    for photo in photos:
        look = colorizer.look(read_photograph(photo))
        shapes.setdefault(tuple(look.shape), []).append(look)
    batch = BATCH[colorizer.engine.device.type]
    return [torch.cat(looks[i : i + batch]) for looks in shapes.values() for i in range(0, len(looks), batch)]


def side_by_side(colorizer: Colorizer, batches: list[Tensor]) -> None:
    """The network over all batches as a folder runs it on a CPU, without reading and writing."""
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        list(pool.map(partial(network, colorizer), batches))
    torch.set_num_threads(threads)


def network(colorizer: Colorizer, batch: Tensor) -> int:
    """The network alone, over how many pictures; its output is let go of, as in a folder: all of it is 700 MB."""
    return len(colorizer.logits(batch))


def flops(model: ColorNet, height: int, width: int) -> int:
    """Floating-point operations of one forward pass; a multiplication and an addition are two."""
    counter = FlopCounterMode(display=False)
    with torch.device("meta"), counter:
        copy.deepcopy(model).float().to("meta").logits(torch.empty(1, 1, height, width))
    return counter.get_total_flops()


def mean_difference(one: Way, other: Way, pictures: list[Image.Image]) -> float:
    """ΔE2000 between what two ways make of the pictures, mean over all pixels."""
    return statistics.fmean(
        float(delta_e_2000(lab_of(one(picture)), lab_of(other(picture))).mean()) for picture in pictures
    )


def mean_chroma(way: Way, pictures: list[Image.Image]) -> float:
    """Chroma of what a way makes of the pictures, mean over all pixels."""
    return statistics.fmean(float(lab_of(way(picture))[:, 1:].norm(dim=1).mean()) for picture in pictures)


def lab_of(picture: Image.Image | NDArray[np.uint8]) -> Tensor:
    """An RGB picture as Lab, 1×3×H×W."""
    return rgb_to_lab(to_tensor(Image.fromarray(np.asarray(picture))))


def median(outcomes: list[large.Outcome], field: str) -> float:
    """The median of one number of several runs."""
    values: list[float] = [getattr(outcome, field) for outcome in outcomes]
    return statistics.median(values)
