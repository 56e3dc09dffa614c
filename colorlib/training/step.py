"""One step: the gradient of a batch, in as many pieces as memory allows, and the update that follows from it.

Pieces ("micro-batches") go through the network one after the other and their gradients add up. The loss is a sum over
images divided by the images of the whole batch, so the sum of the pieces' gradients is the gradient of the batch,
whatever the pieces. One thing changes: batch norm normalises by the mean and variance of what it sees at once, so with
micro-batches of m images it works on m images, as if the batch were m, and its running statistics move once for each of
them. Across processes that is repaired (colorlib.training.batchnorm), across micro-batches it is not.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from colorlib.errors import ColorlibError
from colorlib.metrics import chroma
from colorlib.models.base import ColorNet
from colorlib.training.memory import is_out_of_memory, release, retreat
from colorlib.training.objective import Losses, Objective
from colorlib.training.optimiser import build_optimiser
from colorlib.training.settings import TrainingSettings
from colorlib.training.validation import network_pair
from colorlib.training.world import World

WATCHED = 4  # images of which the chroma is looked at


@dataclass(frozen=True)
class Outcome:
    """What one step came to; the losses are over the batch of all processes.

    Attributes:
        loss: what is minimised, summed over pixels, divided by images.
        unweighted: the same without class weights.
        gradient_norm: length of the gradient before clipping; NaN where the loss was not finite.
        chroma: mean chroma of some of the predictions in Lab units, where it was asked for.
        taken: False where the batch was skipped, because the loss or the gradient is not finite.
    """

    loss: float
    unweighted: float
    gradient_norm: float
    chroma: float | None
    taken: bool


class Stepper:
    """The state that changes from step to step, but for the weights: optimiser, scaler, and size of the pieces.

    Args:
        model: on its device, in channels_last.
        objective: made for the model's head.
        settings: of the run.
        dtype: of the forward pass.
        world: the processes of the run.
    """

    def __init__(
        self, model: ColorNet, objective: Objective, settings: TrainingSettings, dtype: torch.dtype, world: World
    ) -> None:
        self.model, self.dtype = model, dtype
        self.device = next(model.parameters()).device
        self.optimiser = build_optimiser(model.parameters(), settings.optimiser)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=dtype == torch.float16)
        share = -(-settings.batch_size // world.size)  # of a process, rounded up
        self.micro_batch = min(share, settings.micro_batch or share)
        self.reduced = False  # for lack of memory
        self._objective, self._settings, self._world = objective, settings, world

    def step(self, number: int, rgb: Tensor, images: int, rate: float, watch: bool) -> Outcome:
        """Take step `number` (from 1) with this process's part of the batch.

        When memory runs out, the part is cut into smaller pieces and the step begins again from a clean state.

        Args:
            number: for messages.
            rgb: uint8 sRGB, B×3×crop×crop; B may be 0 where other processes have the images.
            images: of the batch over all processes.
            rate: the learning rate.
            watch: whether to look at the chroma of the predictions.

        Raises:
            ColorlibError: there is not enough memory for one image, for the optimiser, or for several processes.
        """
        statistics = _running_statistics(self.model)
        while (found := self._gradient(number, rgb, images, watch)) is None:
            self._forget(statistics)
            self.micro_batch, self.reduced = retreat(self.model, self.micro_batch, number), True
        losses, colour = found
        loss, unweighted = losses.tolist()  # waits for the GPU, once a step
        norm = self._update(number, rate) if math.isfinite(loss) else math.nan
        taken = math.isfinite(loss) and (math.isfinite(norm) or self._overflows())
        if not taken:
            self._forget(statistics)
        return Outcome(loss, unweighted, norm, colour, taken)

    def _gradient(self, number: int, rgb: Tensor, images: int, watch: bool) -> tuple[Tensor, float | None] | None:
        """Fill the gradients: (loss, unweighted loss) as float64, and the chroma; None where memory ran out."""
        try:
            return self._accumulate(rgb, images, watch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if self._world.size > 1:  # the other processes wait in the middle of a sum, they cannot begin again
                raise ColorlibError(
                    f"out of memory in step {number}, one of {self._world.size} processes: set train.micro_batch below "
                    f"{self.micro_batch}, or train.checkpointing: true, and start again"
                ) from error
        return None  # outside of `except`, so that the error no longer holds the tensors of the failed attempt

    def _accumulate(self, rgb: Tensor, images: int, watch: bool) -> tuple[Tensor, float | None]:
        self.optimiser.zero_grad(set_to_none=True)
        sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        colour = None
        # Batch norm's sums over processes need every process as often: one without images takes part with none.
        share = -(-images // self._world.size)
        for start in range(0, share, self.micro_batch):
            piece = rgb[start : start + self.micro_batch]
            lightness, ab = network_pair(piece.to(self.device), self.model.stride)
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
                output = self.model.logits(lightness)  # (B, C, crop/stride, crop/stride)
            losses = self._objective.losses(output, ab) if len(piece) else _no_images(output)
            weight = len(piece) / images
            pixels = 1 if self._settings.loss_scale == "batch" else ab.shape[-2] * ab.shape[-1]
            if watch and start == 0 and len(piece):
                with torch.no_grad():
                    colour = chroma(self._objective.decode(output[:WATCHED].detach()))
            del output  # Q floats a sample: not to be held at the peak, which comes in the backward pass
            self.scaler.scale(losses.objective * (weight / pixels)).backward()  # type: ignore[no-untyped-call]
            sums += torch.stack((losses.objective.detach(), losses.unweighted.detach())).double() * weight
        self._world.add_up_gradients(self.model.parameters())
        return self._world.add_up(sums), colour

    def _update(self, number: int, rate: float) -> float:
        """Clip the gradient and take the optimiser's step, unless the gradient is not finite; its length."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.scaler.unscale_(self.optimiser)
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        total = nn.utils.get_total_norm(gradients)
        norm = float(total)
        if not (math.isfinite(norm) or self.scaler.is_enabled()):
            return norm
        if self._settings.clip_norm is not None:
            nn.utils.clip_grads_with_norm_(self.model.parameters(), self._settings.clip_norm, total)
        try:
            self.scaler.step(self.optimiser)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            # Some weights may have moved and others not: that cannot be taken back, and smaller pieces would not help.
            raise ColorlibError(
                f"out of memory in the optimiser in step {number}: it needs twice the weights' memory whatever the "
                "batch; take train.model: mobilelite, or a machine with more memory, and start again"
            ) from error
        self.scaler.update()
        return norm

    def _overflows(self) -> bool:
        """Whether a gradient that is not finite is the scaler's own affair: it has skipped the update, and scales less.

        Where nothing is scaled up any more, it is the network that gives such gradients.
        """
        return self.scaler.is_enabled() and self.scaler.get_scale() >= 1

    def _forget(self, statistics: list[Tensor]) -> None:
        """Leave nothing of an attempt behind: no gradients, no trace in batch norm's running statistics."""
        self.optimiser.zero_grad(set_to_none=True)
        with torch.no_grad():
            for buffer, before in zip(self.model.buffers(), statistics, strict=True):
                buffer.copy_(before)
        release(self.device)


def _running_statistics(model: nn.Module) -> list[Tensor]:
    return [buffer.clone() for buffer in model.buffers()]


def _no_images(output: Tensor) -> Losses:
    nothing = output.sum() * 0.0  # keeps the backward pass, and batch norm's sums in it, alive
    return Losses(nothing, nothing.detach())
