"""The training loop."""

import logging
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorlib.data.source import BatchSource
from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.models.resources import pick_device, pick_dtype
from colorlib.ops.lab import rgb_to_lab
from colorlib.training.batchnorm import synchronised
from colorlib.training.determinism import deterministic
from colorlib.training.identity import identify
from colorlib.training.initialisation import initialise
from colorlib.training.keeper import Keeper
from colorlib.training.objective import Objective
from colorlib.training.schedule import learning_rate
from colorlib.training.settings import TrainingSettings
from colorlib.training.state import Epoch, Position
from colorlib.training.step import Outcome, Stepper
from colorlib.training.validation import network_pair, validate
from colorlib.training.world import World, current_world

__all__ = ["Epoch", "Observer", "Step", "network_pair", "train", "validate"]

logger = logging.getLogger(__name__)

INITIALISED_ON = 16  # photographs at most; more change the statistics of a layer's activations little


@dataclass(frozen=True)
class Step:
    """What one step came to, for those who watch.

    Attributes:
        number: from 1.
        epoch: from 0.
        images: of the batch.
        learning_rate: of this step.
        outcome: losses, length of the gradient, chroma now and then, and whether the step was taken.
    """

    number: int
    epoch: int
    images: int
    learning_rate: float
    outcome: Outcome


@dataclass(frozen=True)
class Observer:
    """Callbacks of the loop.

    Attributes:
        begin: called once, with the steps that are done already and the checkpoint that says so, if there is one.
        step: called after each step.
        epoch: called after each epoch.
    """

    begin: Callable[[int, Path | None], None] = lambda _done, _checkpoint: None
    step: Callable[[Step], None] = lambda _step: None
    epoch: Callable[[Epoch], None] = lambda _epoch: None


def train(
    model: ColorNet,
    objective: Objective,
    batches: BatchSource,
    validation: Tensor,
    settings: TrainingSettings,
    observer: Observer = Observer(),
    checkpoints: Path | None = None,
) -> list[Epoch]:
    """Train `model` in place; the same arguments give the same weights, bit for bit, on the same machine.

    That holds as well for a run that is killed at any moment and started again with the same `checkpoints`.
    Under `torchrun` (inside `colorlib.training.world.processes`) the processes share each batch.

    Args:
        model: freshly built, on the CPU; it is moved to the GPU where there is one, and stays there.
        objective: made for the model's head.
        batches: of the training split; this process's part of them.
        validation: uint8 sRGB, N×3×H×W, the same in every process.
        settings: of the run.
        observer: is told of steps and epochs.
        checkpoints: a folder where the run saves itself, and goes on from the newest checkpoint; None for neither.

    Returns:
        One record an epoch, those before a restart included.

    Raises:
        ColorlibError: too many batches gave no finite loss or gradient, memory is too small, or the checkpoints belong
            to another run.
    """
    device, world = pick_device(), current_world()
    dtype = pick_dtype(settings.precision, device)
    model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stub
    identity = identify(model, objective, batches, settings, dtype) if checkpoints is not None else {}
    model.checkpointing = model.checkpointing or settings.checkpointing
    stepper = Stepper(model, objective, settings, dtype, world)
    keeper = Keeper(checkpoints, identity, settings.saving, world)
    steps = settings.epochs * len(batches)
    with ExitStack() as stack:
        stack.enter_context(keeper.locked())
        stack.enter_context(deterministic(device))
        resumed = keeper.resume(stepper)
        if resumed is None:
            _prepare_weights(model, batches, settings, world)
        stack.enter_context(synchronised(model, world))
        source, position = resumed or (None, Position())
        observer.begin(position.step, source)
        while position.epoch < settings.epochs:
            model.train()
            for rgb in batches.epoch(position.epoch, position.batch):  # (B, 3, crop, crop) uint8
                rate = learning_rate(position.step, steps, settings.optimiser.learning_rate, settings.schedule)
                images, number = batches.global_size(position.batch), position.step + 1
                outcome = stepper.step(number, rgb, images, rate, watch=number % settings.watching.chroma == 0)
                _account(outcome, images, position, batches, settings, keeper)
                observer.step(Step(number, position.epoch, images, rate, outcome))
                position.step, position.batch = number, position.batch + 1
                if position.batch < len(batches):  # after the last one comes the end of the epoch
                    keeper.after_step(stepper, position)
            rate = learning_rate(position.step - 1, steps, settings.optimiser.learning_rate, settings.schedule)
            measured = validate(model, objective, validation, stepper.micro_batch, dtype, world)
            _end_epoch(position, rate, measured)
            observer.epoch(position.history[-1])
            keeper.after_epoch(stepper, position)
    return position.history


def _prepare_weights(model: ColorNet, batches: BatchSource, settings: TrainingSettings, world: World) -> None:
    """Initialise from the first batch where the settings ask for it; the same weights in every process."""
    if settings.initialisation != "plain":
        rgb = world.gather(next(batches.epoch(0)))[:INITIALISED_ON]  # (N, 3, crop, crop)
        filters = "kmeans" if settings.initialisation == "kmeans" else "random"
        initialise(model, [rgb_to_lab(rgb)[:, :1]], filters)  # type: ignore[arg-type]
    world.share(model.state_dict().values())


def _account(
    outcome: Outcome,
    images: int,
    position: Position,
    batches: BatchSource,
    settings: TrainingSettings,
    keeper: Keeper,
) -> None:
    """Add a step to the sums of the epoch; a batch that had to be skipped is logged, and one too many ends the run."""
    if outcome.taken:
        position.sums[0] += outcome.loss * images
        position.sums[1] += outcome.unweighted * images
        position.sums[2] += images
        return
    position.skipped += 1
    loss, norm = outcome.loss, outcome.gradient_norm
    what = f"loss became {loss}" if not math.isfinite(loss) else f"length of the gradient became {norm}"
    where = f"step {position.step + 1}, epoch {position.epoch + 1}"
    files = ", ".join(batches.files(position.epoch, position.batch))
    if position.skipped <= settings.skip_limit:
        logger.warning("the %s in %s: the batch is skipped (%s)", what, where, files)
        return
    last = keeper.last
    raise ColorlibError(
        f"the {what} in {where} ({files}), skipped batches in this run: {position.skipped}, allowed: "
        f"{settings.skip_limit} (train.skip_limit); the last good checkpoint is {last or 'none'}: lower "
        "train.optimiser.learning_rate, or train in fp32"
    )


def _end_epoch(position: Position, rate: float, measured: tuple[float, float, float]) -> None:
    loss, unweighted, images = position.sums
    if images == 0:
        raise ColorlibError(
            f"every batch of epoch {position.epoch + 1} was skipped, none gave a finite loss: lower "
            "train.optimiser.learning_rate, or train in fp32"
        )
    position.history.append(Epoch(position.epoch, loss / images, unweighted / images, rate, *measured))
    position.epoch, position.batch, position.sums = position.epoch + 1, 0, [0.0, 0.0, 0.0]
