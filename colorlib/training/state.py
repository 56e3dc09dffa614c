"""All that a run is made of at one moment, taken apart into tensors and plain JSON values, and put together again."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from colorlib.training.step import Stepper


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


@dataclass
class Position:
    """How far a run has come.

    Attributes:
        step: steps so far, skipped ones included.
        epoch: the epoch of the next batch, from 0.
        batch: the next batch in it, from 0.
        skipped: batches skipped so far because they gave no finite loss or gradient.
        sums: of the epoch so far: loss × images, unweighted loss × images, images.
        history: the epochs that are done.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    skipped: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    history: list[Epoch] = field(default_factory=list)


Facts = dict[str, Any]


def capture(stepper: Stepper, position: Position) -> tuple[dict[str, Tensor], Facts]:
    """The whole state: tensors on the CPU, and the rest as plain JSON values, floats to the last bit."""
    tensors = {f"model.{name}": value for name, value in stepper.model.state_dict().items()}
    optimiser = stepper.optimiser.state_dict()
    for index, state in optimiser["state"].items():
        tensors |= {f"optimiser.{index}.{key}": value for key, value in state.items()}
    tensors["random.torch"] = torch.get_rng_state()
    for index, state in enumerate(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []):
        tensors[f"random.cuda.{index}"] = state
    facts = {
        "position": asdict(position),
        "optimiser": optimiser["param_groups"],
        "scaler": stepper.scaler.state_dict(),
        "micro_batch": stepper.micro_batch if stepper.reduced else None,
        "checkpointing": stepper.model.checkpointing,
        "random": {"python": random.getstate(), "numpy": _numpy_state()},
    }
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}, facts


def restore(stepper: Stepper, tensors: dict[str, Tensor], facts: Facts) -> Position:
    """Put a captured state into the run, and return its position."""
    stepper.model.load_state_dict(_below(tensors, "model"))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _below(tensors, "optimiser").items():
        index, key = name.split(".")
        moments.setdefault(int(index), {})[key] = value
    groups = [group | {"betas": tuple(group["betas"])} for group in facts["optimiser"]]
    stepper.optimiser.load_state_dict({"state": moments, "param_groups": groups})
    # Saved tensors lie in one order, the weights in channels_last: the moments go back to the order of their weights,
    # so that the arithmetic is the same to the bit.
    for parameter, state in stepper.optimiser.state.items():
        for key, value in state.items():
            if value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(value)
    stepper.scaler.load_state_dict(facts["scaler"])
    if facts["micro_batch"] is not None:
        stepper.micro_batch, stepper.reduced = facts["micro_batch"], True
    stepper.model.checkpointing = facts["checkpointing"]
    version, words, gauss = facts["random"]["python"]
    random.setstate((version, tuple(words), gauss))
    _set_numpy_state(facts["random"]["numpy"])
    torch.set_rng_state(tensors["random.torch"])
    cuda = _below(tensors, "random.cuda")
    if torch.cuda.is_available() and len(cuda) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([cuda[str(index)] for index in range(len(cuda))])
    position = facts["position"]
    return Position(**position | {"history": [Epoch(**epoch) for epoch in position["history"]]})


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(f"{prefix}."): value for n, value in tensors.items() if n.startswith(f"{prefix}.")}


def _numpy_state() -> dict[str, Any]:
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002  # the global one, which libraries may draw from
    return {**state, "state": {"key": state["state"]["key"].tolist(), "pos": state["state"]["pos"]}}


def _set_numpy_state(state: dict[str, Any]) -> None:
    inner = state["state"]
    np.random.set_state(  # noqa: NPY002
        state | {"state": {"key": np.array(inner["key"], np.uint32), "pos": inner["pos"]}}
    )
