"""What a run is: everything that decides its weights. A checkpoint belongs to one run only."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from colorlib.data.source import BatchSource
from colorlib.files import sha256_of
from colorlib.models.base import ColorNet
from colorlib.training.objective import Classification, Objective
from colorlib.training.provenance import PACKAGE, code_name
from colorlib.training.settings import TrainingSettings

WITHOUT_EFFECT = {"saving", "skip_limit", "watching", "workers"}  # settings that change no weight

Identity = dict[str, Any]


def identify(
    model: ColorNet, objective: Objective, batches: BatchSource, settings: TrainingSettings, dtype: torch.dtype
) -> Identity:
    """Plain JSON values: `settings`, `data` (a hash) and `code` (a hash)."""
    chosen = settings.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    chosen |= {"precision": str(dtype).removeprefix("torch."), "torch": str(torch.__version__)}
    chosen |= {"network": _network(model), "objective": _describe(objective)}
    chosen |= {"images": batches.images, "seed": batches.seed}
    return {"settings": chosen, "data": batches.fingerprint, "code": code_name()}


def difference(theirs: Identity, ours: Identity) -> str | None:
    """Say in what two runs differ, for the middle of a sentence; None where they are one."""
    for key, words in (("data", "other data"), ("code", "another version of the code")):
        if theirs[key] != ours[key]:
            return words
    was, now = _flatten(theirs["settings"]), _flatten(ours["settings"])
    changed = [
        f"{key} was {was.get(key, 'not set')}, is {now.get(key, 'not set')}"
        for key in sorted(was.keys() | now.keys())
        if was.get(key, "not set") != now.get(key, "not set")
    ]
    return f"other settings ({'; '.join(changed)})" if changed else None


def _network(model: ColorNet) -> dict[str, Any]:
    """Its configuration; for a network from elsewhere a hash of its module as well, which `code` knows nothing of."""
    place = getattr(sys.modules[type(model).__module__], "__file__", None)  # none in an interactive session
    if place is None or Path(place).is_relative_to(PACKAGE):
        return model.config
    return {**model.config, "source": sha256_of(Path(place))}


def _describe(objective: Objective) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": type(objective).__name__.lower()}
    if isinstance(objective, Classification):
        weights = objective.class_weights
        described |= {
            "grid": objective.grid.name,
            "k": objective.k,
            "sigma": objective.sigma,
            "temperature": objective.temperature,
            "class_weights": None if weights is None else hashlib.sha256(weights.cpu().numpy().tobytes()).hexdigest(),
        }
    return described


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
