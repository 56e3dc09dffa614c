"""When a run saves itself, and how it finds its way back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from colorlib.training import checkpoint
from colorlib.training.identity import Identity
from colorlib.training.settings import SavingSettings
from colorlib.training.state import Position, capture, restore
from colorlib.training.step import Stepper
from colorlib.training.world import World


class Keeper:
    """Saves a run and restores it. In a run of several processes rank 0 writes and decides, all read.

    Args:
        folder: of the checkpoints; None saves nothing.
        identity: of the run.
        settings: when to save, and how many to keep.
        world: the processes of the run.
    """

    def __init__(self, folder: Path | None, identity: Identity, settings: SavingSettings, world: World) -> None:
        self._folder, self._identity, self._settings, self._world = folder, identity, settings, world
        self._since = time.monotonic()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for the time of the block."""
        if self._folder is None or self._world.rank > 0:
            yield
            return
        with checkpoint.locked(self._folder):
            yield

    def resume(self, stepper: Stepper) -> tuple[Path, Position] | None:
        """Restore the newest whole checkpoint of this run: where it lies, and the position; None where there is none.

        Raises:
            ColorlibError: the checkpoints are those of another run.
        """
        if self._folder is None:
            return None
        found = checkpoint.newest(self._folder, self._identity) if self._world.rank == 0 else None
        name = self._world.agree(found.path.name if found else None)
        if name is None:
            return None
        found = found or checkpoint.read(self._folder / name, self._identity)
        return found.path, restore(stepper, found.tensors, found.facts)

    def after_step(self, stepper: Stepper, position: Position) -> None:
        """Save where a checkpoint is due by the clock or by the count."""
        if self._is_due(position):
            self._save(stepper, position)

    def after_epoch(self, stepper: Stepper, position: Position) -> None:
        """Save where a checkpoint is due, or the epoch that has just ended is the best so far."""
        if self._is_due(position) or _best_epoch(position) == position.history[-1].number:
            self._save(stepper, position)

    @property
    def last(self) -> Path | None:
        """The newest checkpoint."""
        found = checkpoint.present(self._folder) if self._folder is not None else []
        return found[-1] if found else None

    def _is_due(self, position: Position) -> bool:
        minutes, steps = self._settings.minutes, self._settings.steps
        by_clock = minutes is not None and time.monotonic() - self._since >= 60 * minutes
        return by_clock or (steps is not None and position.step % steps == 0)

    def _save(self, stepper: Stepper, position: Position) -> None:
        self._since = time.monotonic()
        if self._folder is None or self._world.rank > 0:
            return
        tensors, facts = capture(stepper, position)
        checkpoint.save(self._folder, position.step, tensors, facts, self._identity)
        best = _best_epoch(position)
        # Every epoch has as many steps, and those done are counted at its end.
        per_epoch = (position.step - position.batch) // max(1, position.epoch)
        checkpoint.prune(self._folder, self._settings.keep, None if best is None else (best + 1) * per_epoch)


def _best_epoch(position: Position) -> int | None:
    """The number of the epoch with the lowest validation loss, the first of equals."""
    return min(position.history, key=lambda epoch: epoch.val_loss).number if position.history else None
