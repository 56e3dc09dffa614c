"""What is shown and logged of a run while it trains."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from colorlib.inference.recombine import grey, recombine
from colorlib.models import ColorNet
from colorlib.pictures import picture_grid
from colorlib.pipeline.progress import Advance
from colorlib.pipeline.stage import console
from colorlib.pipeline.tracking import Tracker
from colorlib.training.memory import memory_in_use
from colorlib.training.objective import Objective
from colorlib.training.settings import WatchingSettings
from colorlib.training.trainer import Epoch, Observer, Step, network_pair

RECENT = 20  # steps over which the speed is measured
GIB = 1 << 30


class Reporter:
    """Turns what the loop tells into words beside the bar, metrics of MLflow, and sheets of pictures.

    Args:
        name: of the run.
        advance: of the bar.
        tracker: of the MLflow run; None logs nothing.
        settings: how often.
        draw: writes a sheet of pictures to a path.
        pictures: the folder of the sheets.
    """

    def __init__(
        self,
        name: str,
        advance: Advance,
        tracker: Tracker | None,
        settings: WatchingSettings,
        draw: Callable[[Path], None],
        pictures: Path,
    ) -> None:
        self._name, self._advance, self._tracker, self._settings = name, advance, tracker, settings
        self._draw, self._pictures = draw, pictures
        self._recent: deque[tuple[float, int]] = deque(maxlen=RECENT)
        self._logged = float("-inf")
        self._note, self._chroma = "", float("nan")

    @property
    def observer(self) -> Observer:
        """What the loop is given."""
        return Observer(self._on_begin, self._on_step, self._on_epoch)

    def _on_begin(self, done: int, source: Path | None) -> None:
        if source is not None:
            console.print(f"{self._name}: goes on after step {done}, from {source}", markup=False)
            self._advance("", pieces=done)
        self._recent.append((time.monotonic(), 0))

    def _on_step(self, step: Step) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        now, outcome = time.monotonic(), step.outcome
        self._recent.append((now, step.images))
        images = sum(count for _, count in list(self._recent)[1:])
        speed = images / max(now - self._recent[0][0], 1e-9)
        memory = memory_in_use(device) / GIB
        if outcome.chroma is not None:
            self._chroma = outcome.chroma
        self._advance(
            f"loss {outcome.loss:.0f}, lr {step.learning_rate:.1e}, {speed:.3g} images/s, {memory:.1f} GiB{self._note}"
        )
        if self._tracker is not None and now - self._logged >= self._settings.seconds:
            self._logged = now
            values = {
                "step_loss": outcome.loss,
                "step_learning_rate": step.learning_rate,
                "step_gradient_norm": outcome.gradient_norm,
                "step_chroma": self._chroma,
                "step_images_per_second": speed,
                "step_memory_gib": memory,
            }
            self._tracker.metrics({k: value for k, value in values.items() if value == value}, step.number)
        if step.number % self._settings.pictures == 0:
            path = self._pictures / f"step-{step.number:08d}.png"
            self._draw(path)
            if self._tracker is not None:
                self._tracker.artifact(path, "pictures")

    def _on_epoch(self, epoch: Epoch) -> None:
        self._recent.clear()  # the time of the validation is not that of a step
        self._recent.append((time.monotonic(), 0))
        self._note = f", validation AuC {epoch.val_auc:.4f}, chroma {epoch.val_chroma:.1f}"
        if self._tracker is not None:
            self._tracker.metrics({k: v for k, v in asdict(epoch).items() if k != "number"}, step=epoch.number)


def draw_samples(model: ColorNet, objective: Objective, samples: Tensor, name: str, path: Path) -> None:
    """Write a sheet of input, truth and colorization of `samples` (uint8 sRGB N×3×H×W) by the network as it is now."""
    training, device = model.training, next(model.parameters()).device
    lightness, _ = network_pair(samples, model.stride)
    model.eval()
    with torch.no_grad():
        ab = objective.decode(model.logits(lightness.to(device))).cpu()  # (N, 2, H/stride, W/stride)
    model.train(training)
    picture_grid({"input": grey(samples), "truth": samples, name: recombine(lightness, ab, model.stride)}, path)
