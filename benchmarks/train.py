"""Suite `train`: a step of the trainer beside a plain eager float32 loop with dense soft targets, and reading for it.

Speed is measured with contenders taking turns in one process; memory with one contender a process, as the peak of its
resident memory above what it held when the libraries were loaded and nothing was built: weights, optimiser and
gradients count. The plain loop gets its Lab images and soft targets from this library's fast functions, and in-place
ReLUs.

Reading is measured alone: the batches of an epoch from shards, by the process that asks for them and ahead by others.
"""

import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks.harness import Limit, Mark, Row, interleaved, peak_extra_mebibytes
from benchmarks.ops import dense_cross_entropy, photo_like
from benchmarks.photographs import STARTER, starter
from colorlib import params
from colorlib.data.batches import TrainingBatches
from colorlib.data.shard_source import open_shards
from colorlib.data.shards import write_shards
from colorlib.models import PaperNet
from colorlib.models.rectifier import InnerReLU
from colorlib.models.resources import pick_dtype
from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.training.determinism import deterministic
from colorlib.training.objective import Classification
from colorlib.training.settings import TrainingSettings
from colorlib.training.step import Stepper
from colorlib.training.validation import network_pair
from colorlib.training.world import World

SIDE, BATCH = 256, 16
LEAST_SIDE = 32
MOST_ROUNDS = 3  # a step takes a quarter of a minute; more turns change the median by a percent or two
OURS, RECOMPUTING, PLAIN = "ours", "ours, checkpointing", "plain eager float32, dense targets"
STEPS = 2  # the optimiser's state is made in the first
READERS = {0: "read when asked", 1: "1 process ahead", 2: "2 processes ahead"}


def run(rounds: int = MOST_ROUNDS, shrink: int = 1) -> list[Row]:
    """Measure both rows; `shrink` divides the sides of the images, down to 32 pixels, and the number of those read."""
    side = max(LEAST_SIDE, SIDE // shrink)
    native = pick_dtype("auto", torch.device("cpu")) == torch.bfloat16
    peaks = {name: peak(name, side) for name in CONTENDERS}
    steps = {name: make(side) for name, make in CONTENDERS.items()}
    times = interleaved(steps, min(rounds, MOST_ROUNDS), turn=0)
    facts = {f"images/s, {name}": f"{1e3 * BATCH / milliseconds:.3g}" for name, milliseconds in times.items()}
    facts |= {f"peak memory, {name}": f"{mebibytes:.0f} MiB" for name, mebibytes in peaks.items()}
    facts["arithmetic of ours"] = "bfloat16" if native else "float32: this processor has no bfloat16, no mark on speed"
    limits = [
        Limit(f"peak memory of {name} beside the plain loop", 100 * peaks[name] / peaks[PLAIN], most, "%")
        for name, most in ((OURS, 65), (RECOMPUTING, 40))
    ]
    operation = f"training step of PaperNet, {BATCH}×{side}×{side}"
    facts["goal"] = "1.9 times"
    step = Row(operation, times, [Mark(PLAIN, 1.6)] if native else [], facts, limits)
    return [step, reading(min(rounds, MOST_ROUNDS), shrink)]


def reading(rounds: int, shrink: int) -> Row:
    """Batches of the paper's crops from shards of the bundled photographs, by the number of processes that read ahead.

    Nothing takes the batches but a loop, so this is the most that a trainer could be given.
    """
    files = 2 * [(path.name, "") for path in starter()[::shrink]]  # ten batches: as many for each of two processes
    batch, crop = params.BATCH_SIZE.value, params.CROP_SIZE.value
    with tempfile.TemporaryDirectory() as folder:
        write_shards(STARTER, Path(folder) / "shards", files=files)
        source = open_shards(Path(folder) / "shards", params.IMAGE_SIZE.value)

        def epoch(workers: int) -> None:
            deque(TrainingBatches(source, batch, crop, 0, workers=workers).epoch(0), maxlen=0)

        times = interleaved({name: partial(epoch, count) for count, name in READERS.items()}, rounds, turn=0)
    facts = {f"images/s, {name}": f"{1e3 * len(files) / milliseconds:.3g}" for name, milliseconds in times.items()}
    alone, *ahead = READERS.values()
    facts |= {f"{name}, times as fast as {alone}": f"{times[alone] / times[name]:.2f}" for name in ahead}
    return Row(f"reading {len(files)} crops of {crop}×{crop} from shards", times, [], facts)


def notes() -> list[str]:
    """What the numbers of memory mean."""
    return [f"peak memory: resident, of {STEPS} steps in a process of its own, above the loaded libraries"]


def ours(side: int, checkpointing: bool = False) -> Callable[[], object]:
    """A step of the trainer: what `colorlib.training.trainer.train` does with a batch."""
    torch.manual_seed(0)
    model = PaperNet(checkpointing=checkpointing).train()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stub
    settings = TrainingSettings(batch_size=BATCH, crop=side, checkpointing=checkpointing)
    dtype = pick_dtype("auto", torch.device("cpu"))
    stepper = Stepper(model, Classification(Grid.paper(), class_weights()), settings, dtype, World())
    rgb = photographs(side)

    def step() -> None:
        with deterministic(stepper.device):  # as the trainer does
            stepper.step(1, rgb, BATCH, settings.optimiser.learning_rate, watch=False)

    return step


def plain(side: int) -> Callable[[], object]:
    """The loop one writes first: float32, contiguous, dense targets, autograd's own loss, torch's Adam."""
    torch.manual_seed(0)
    model = PaperNet().train()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, InnerReLU):
                setattr(module, name, nn.ReLU(inplace=True))
    optimiser = torch.optim.Adam(
        model.parameters(),
        lr=params.LEARNING_RATE.value,
        betas=(params.ADAM_BETA1.value, params.ADAM_BETA2.value),
        weight_decay=params.WEIGHT_DECAY.value,
    )
    weights, grid, rgb = class_weights(), Grid.paper(), photographs(side)

    def step() -> float:
        lightness, ab = network_pair(rgb, model.stride)
        loss = dense_cross_entropy(model.logits(lightness), soft_encode(ab, grid), weights)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return loss.item()

    return step


CONTENDERS: dict[str, Callable[[int], Callable[[], object]]] = {
    OURS: ours,
    RECOMPUTING: lambda side: ours(side, checkpointing=True),
    PLAIN: plain,
}


def photographs(side: int) -> torch.Tensor:
    """BATCH×3×side×side uint8."""
    return torch.cat([photo_like(3, side).roll(index, dims=-1) for index in range(BATCH)])


def class_weights() -> torch.Tensor:
    """Some weight for each bin; their values change nothing about time or memory."""
    return torch.rand(params.BINS.value, generator=torch.Generator().manual_seed(0)) + 0.5


def peak(contender: str, side: int) -> float:
    """Peak in MiB of the contender's steps, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.train", contender, str(side), str(torch.get_num_threads())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    mebibytes: float = json.loads(done.stdout)
    return mebibytes


def measure_peak(contender: str, side: int) -> float:
    """Build the contender and take its steps; peak in MiB above what this process held before."""
    CONTENDERS[contender](LEAST_SIDE)()  # libraries, compiled kernels and threads are there now

    def steps() -> None:
        step = CONTENDERS[contender](side)
        for _ in range(STEPS):
            step()

    return peak_extra_mebibytes(steps, warm=False)


if __name__ == "__main__":
    name, size, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    print(json.dumps(measure_peak(name, int(size))))
