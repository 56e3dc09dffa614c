"""Runs a prepared step under the tracker: on fake tensors for a prediction, on real ones for a measurement."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._pytree import tree_iter

from footprint.conversion import modules_convert_in_place
from footprint.nominal import NominalAnswers
from footprint.peak import Kind, Peak
from footprint.pretence import standing_for
from footprint.sizes import FootprintError
from footprint.tracker import Tracker

Step = Callable[[], object]
Prepare = Callable[[], tuple[nn.Module, Step]]

GRANULARITY = {"cpu": 1, "cuda": 512}  # bytes that the device's allocator rounds to
TRAINING_ITERATIONS = 2  # the optimiser's state is made in the first and there from the start in the second


def training_peak(prepare: Prepare, *, iterations: int = TRAINING_ITERATIONS, device: str = "cpu") -> Peak:
    """Predict the peak of training iterations, without memory and in about a second.

    Args:
        prepare: builds the network, its optimiser and a batch, and returns the network and one iteration: forward,
            loss, backward, optimiser. It is called on fake tensors: tensors made before may be read, and not kept.
        iterations: how many; an optimiser's state shows from the second on.
        device: what the rehearsal stands for, "cpu" or "cuda"; nothing is put on a device.

    Raises:
        FootprintError: the step needs values for more than numbers and masks, or there is no such device.
    """
    with rehearsal(device) as tracker:
        return run(tracker, prepare, iterations)


def inference_peak(prepare: Prepare, *, device: str = "cpu") -> Peak:
    """Predict the peak of one call of a step, which says itself that it needs no gradients. As `training_peak`."""
    return training_peak(prepare, iterations=1, device=device)


def live_peak(prepare: Prepare, *, iterations: int = TRAINING_ITERATIONS) -> Peak:
    """Run the iterations on real tensors and count them in the same way. This takes the memory and the time."""
    with Tracker() as tracker:
        return run(tracker, prepare, iterations)


@contextmanager
def rehearsal(device: str) -> Iterator[Tracker]:
    """Within, all tensors are fake and counted."""
    if device not in GRANULARITY:
        raise FootprintError(f"Got the device {device!r}, expected {' or '.join(GRANULARITY)}.")
    with (
        standing_for(device),
        modules_convert_in_place(),
        FakeTensorMode(allow_non_fake_inputs=True),
        NominalAnswers(),  # type: ignore[no-untyped-call]
        Tracker(GRANULARITY[device], workspaces=device == "cpu") as tracker,
        ExitStack() as stack,
    ):
        if device == "cuda":
            stack.callback(register_optimizer_step_pre_hook(_take_foreach).remove)
        yield tracker


def run(tracker: Tracker, prepare: Prepare, iterations: int) -> Peak:
    """Prepare, then take the peak over so many steps."""
    model, step = prepare()
    tracker.restart()
    tracker.mark((*model.parameters(), *model.buffers()), Kind.PARAMETERS)
    with _optimiser_marks(tracker):
        for _ in range(iterations):
            step()
    return tracker.peak


@contextmanager
def _optimiser_marks(tracker: Tracker) -> Iterator[None]:
    """Let every optimiser that steps within say which blocks are gradients and which are its own."""

    def before(optimiser: torch.optim.Optimizer, *_: Any) -> None:
        tracker.mark((p.grad for p in _parameters(optimiser) if p.grad is not None), Kind.GRADIENTS)

    def after(optimiser: torch.optim.Optimizer, *_: Any) -> None:
        state = tree_iter(list(optimiser.state.values()))
        tracker.mark((value for value in state if isinstance(value, Tensor)), Kind.OPTIMISER)

    handles = (register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _take_foreach(optimiser: torch.optim.Optimizer, *_: Any) -> None:
    """On a GPU an optimiser that was not told otherwise works on lists of tensors, which takes more memory."""
    for group in optimiser.param_groups:
        if "foreach" in group and group["foreach"] is None and not group.get("fused"):
            group["foreach"] = True


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
