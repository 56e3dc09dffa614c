"""What a run is: everything that decides its weights. A checkpoint belongs to one run only."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from colorlib.data.source import BatchSource
from colorlib.models.base import ColorNet
from colorlib.training.objective import Classification, Objective
from colorlib.training.settings import TrainingSettings

PACKAGE = Path(__file__).parents[1]
SOURCES = ("data", "metrics.py", "models", "ops", "params.py", "training")  # what the loop runs
WITHOUT_EFFECT = {"saving", "skip_limit", "watching", "workers"}  # settings that change no weight

Identity = dict[str, Any]


def identify(
    model: ColorNet, objective: Objective, batches: BatchSource, settings: TrainingSettings, dtype: torch.dtype
) -> Identity:
    """Plain JSON values: `settings`, `data` (a hash) and `code` (a hash)."""
    chosen = settings.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    chosen |= {"precision": str(dtype).removeprefix("torch."), "network": model.config}
    chosen["objective"] = _describe(objective)
    chosen["images"] = batches.images
    return {"settings": chosen, "data": batches.fingerprint, "code": code_sha256()}


@cache
def code_sha256() -> str:
    """One SHA-256 over the version of torch and the source files that a training run consists of.

    Taken once a process: what is edited later is not what runs.
    """
    digest = hashlib.sha256(torch.__version__.encode())
    for name in SOURCES:
        place = PACKAGE / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"\0{path.relative_to(PACKAGE).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def difference(theirs: Identity, ours: Identity) -> str | None:
    """Say in what two runs differ, for the middle of a sentence; None where they are one."""
    for key, words in (("data", "other data"), ("code", "another version of the code, or of torch")):
        if theirs[key] != ours[key]:
            return words
    was, now = _flatten(theirs["settings"]), _flatten(ours["settings"])
    changed = [
        f"{key} was {was.get(key, 'not set')}, is {now.get(key, 'not set')}"
        for key in sorted(was.keys() | now.keys())
        if was.get(key, "not set") != now.get(key, "not set")
    ]
    return f"other settings ({'; '.join(changed)})" if changed else None


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
