"""The training loop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from colorlib.data.batches import TrainingBatches
from colorlib.errors import ColorlibError
from colorlib.metrics import AucAccumulator, chroma
from colorlib.models.base import ColorNet
from colorlib.ops.lab import rgb_to_lab
from colorlib.training.objective import Objective
from colorlib.training.optimiser import build_optimiser
from colorlib.training.precision import pick_device, pick_dtype
from colorlib.training.schedule import learning_rate
from colorlib.training.settings import TrainingSettings


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to. Losses are sums over the pixels of an image, averaged over images.

    Attributes:
        number: from 0.
        loss: what is minimised, over the training batches as they came.
        loss_unweighted: the same without class weights.
        learning_rate: of the last step.
        val_loss: unweighted, over the validation split.
        val_auc: AuC over the validation split at the network's stride, in [0, 1].
        val_chroma: mean chroma of the predictions on the validation split, Lab units.
    """

    number: int
    loss: float
    loss_unweighted: float
    learning_rate: float
    val_loss: float
    val_auc: float
    val_chroma: float


@dataclass(frozen=True)
class Observer:
    """Callbacks of the loop.

    Attributes:
        step: called after each step with its number (from 1) and the loss.
        epoch: called after each epoch.
    """

    step: Callable[[int, float], None] = lambda _number, _loss: None
    epoch: Callable[[Epoch], None] = lambda _epoch: None


def train(
    model: ColorNet,
    objective: Objective,
    batches: TrainingBatches,
    validation: Tensor,
    settings: TrainingSettings,
    observer: Observer = Observer(),
) -> list[Epoch]:
    """Train `model` in place; the same arguments give the same weights, bit for bit, on the same machine.

    Args:
        model: on the CPU; it is moved to the GPU where there is one, and stays there.
        objective: made for the model's head.
        batches: of the training split.
        validation: uint8 sRGB, N×3×H×W.
        settings: of the run.
        observer: is told of steps and epochs.

    Returns:
        One record an epoch.

    Raises:
        ColorlibError: the loss is not finite.
    """
    device = pick_device()
    dtype = pick_dtype(settings.precision, device)
    model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stub
    optimiser = build_optimiser(model.parameters(), settings.optimiser)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
    steps = settings.epochs * len(batches)
    history, step = [], 0
    with _deterministic(device):
        for number in range(settings.epochs):
            model.train()
            totals = torch.zeros(3, dtype=torch.float64)  # (loss, unweighted loss, images)
            for rgb in batches.epoch(number):  # (B, 3, crop, crop) uint8
                rate = learning_rate(step, steps, settings.optimiser.learning_rate, settings.schedule)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                lightness, ab = network_pair(rgb.to(device), model.stride)
                with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                    output = model.logits(lightness)  # (B, C, crop/4, crop/4)
                losses = objective.losses(output, ab)
                loss = float(losses.objective.detach())  # waits for the GPU, once a step
                if not torch.isfinite(torch.tensor(loss)):
                    raise ColorlibError(
                        f"the loss became {loss} in step {step + 1}, epoch {number + 1}: lower "
                        "train.optimiser.learning_rate, or train in fp32"
                    )
                optimiser.zero_grad(set_to_none=True)
                scaler.scale(losses.objective).backward()  # type: ignore[no-untyped-call]
                scaler.step(optimiser)
                scaler.update()
                totals += torch.tensor([loss * len(rgb), float(losses.unweighted) * len(rgb), len(rgb)])
                step += 1
                observer.step(step, loss)
            val_loss, val_auc, val_chroma = validate(model, objective, validation, settings.batch_size, dtype)
            mean = (totals[:2] / totals[2]).tolist()
            history.append(Epoch(number, mean[0], mean[1], rate, val_loss, val_auc, val_chroma))
            observer.epoch(history[-1])
    return history


@torch.no_grad()
def validate(
    model: ColorNet, objective: Objective, images: Tensor, batch_size: int, dtype: torch.dtype
) -> tuple[float, float, float]:
    """Unweighted loss, AuC and mean chroma over `images` (uint8 sRGB, N×3×H×W), at the network's stride."""
    model.eval()
    device = next(model.parameters()).device
    accumulator, loss, colour = AucAccumulator(), 0.0, 0.0
    for rgb in torch.split(images, batch_size):
        lightness, ab = network_pair(rgb.to(device), model.stride)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            output = model.logits(lightness)
        loss += float(objective.losses(output, ab).unweighted) * len(rgb)
        prediction = objective.decode(output)
        accumulator.update(prediction, ab)
        colour += chroma(prediction) * len(rgb)
    return loss / len(images), accumulator.compute(), colour / len(images)


def network_pair(rgb: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """From uint8 sRGB N×3×H×W: L N×1×H×W, and every `stride`-th ab pixel (not averaged, as released) N×2×h×w."""
    lab = rgb_to_lab(rgb)
    return lab[:, :1], lab[:, 1:, ::stride, ::stride].contiguous()


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    before = torch.are_deterministic_algorithms_enabled()
    # Some CUDA operations have no deterministic form: there a warning, not a refusal to train.
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
