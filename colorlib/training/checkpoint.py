"""Checkpoints on disk: folders that are whole or not there, of which the newest whole one is found again.

```
FOLDER/step-00000240/tensors.safetensors    weights, moments of the optimiser, random states
FOLDER/step-00000240/state.json             everything else, the identity of the run, and the hashes of both files
FOLDER/best.json                            the name of the checkpoint with the lowest validation loss
FOLDER/lock                                 held by the process that trains
```

Nothing is unpickled.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import safetensors
import safetensors.torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.files import atomic_path, sha256_of, write_text
from colorlib.training.identity import Identity, difference
from colorlib.training.state import Facts

logger = logging.getLogger(__name__)

FORMAT, VERSION = "colorlib-checkpoint", 1
TENSORS, STATE, BEST, LOCK = "tensors.safetensors", "state.json", "best.json", "lock"
NAME = re.compile(r"step-(\d{8,})")
_HELD: set[IO[str]] = set()  # lock files of this process
KEYS = {"format", "version", "identity", "facts", "tensors_sha256"}


@dataclass(frozen=True)
class Checkpoint:
    """A whole one, read and verified."""

    path: Path
    tensors: dict[str, Tensor]
    facts: Facts


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process, and clear away what a killed one left half-written.

    Raises:
        ColorlibError: another process trains there, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("w")
    except OSError as error:
        raise ColorlibError(f"no checkpoint can be written to {folder} ({error.strerror}): name another") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ColorlibError(
                f"another process trains in {folder}: wait for its end, or name another folder"
            ) from error
        _HELD.add(file)
        for leftover in folder.glob(".*.partial"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        try:
            yield
        finally:
            _HELD.discard(file)


def _let_go() -> None:
    for file in _HELD:
        file.close()
    _HELD.clear()


# A process that reads photographs outlives a killed trainer by seconds, and must not hold its lock meanwhile.
os.register_at_fork(after_in_child=_let_go)


def save(folder: Path, step: int, tensors: dict[str, Tensor], facts: Facts, identity: Identity) -> Path:
    """Write the checkpoint of step `step`, whole or not at all.

    Raises:
        ColorlibError: the disk is full, or the folder cannot be written.
    """
    path = place(folder, step)
    with atomic_path(path) as temporary:
        temporary.mkdir()
        safetensors.torch.save_file(tensors, temporary / TENSORS)
        content = {
            "format": FORMAT,
            "version": VERSION,
            "identity": identity,
            "facts": facts,
            "tensors_sha256": sha256_of(temporary / TENSORS),
        }
        text = json.dumps(content | {"sha256": _digest(content)}, sort_keys=True) + "\n"
        (temporary / STATE).write_text(text, encoding="utf-8")
        for written in (temporary / TENSORS, temporary / STATE, temporary):
            _to_disk(written)
    _to_disk(folder)
    return path


def newest(folder: Path, identity: Identity) -> Checkpoint | None:
    """The newest whole checkpoint of this run; damaged ones are passed over with a warning. None where none is left.

    Raises:
        ColorlibError: it belongs to a run with other settings, data or code.
    """
    for path in reversed(present(folder)):
        try:
            return read(path, identity)
        except DamagedError as error:
            logger.warning("%s: going back to the checkpoint before it", error)
    return None


class DamagedError(ColorlibError):
    """A checkpoint that is not what was written."""


def read(path: Path, identity: Identity) -> Checkpoint:
    """Read and verify one checkpoint.

    Raises:
        DamagedError: it is truncated, changed, or no checkpoint.
        ColorlibError: it belongs to a run with other settings, data or code.
    """
    try:
        content = json.loads((path / STATE).read_text(encoding="utf-8"))
        expected = content.pop("sha256")
        whole = content.keys() == KEYS and content["format"] == FORMAT and expected == _digest(content)
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{path} is damaged ({STATE} cannot be read)") from error
    if not whole:
        raise DamagedError(f"{path} is damaged ({STATE} is not what was written)")
    if content["version"] != VERSION:
        raise ColorlibError(f"{path} has format version {content['version']}, expected {VERSION}: {_remedy(path)}")
    if found := difference(content["identity"], identity):
        raise ColorlibError(f"{path} belongs to a run with {found}: {_remedy(path)}")
    try:
        blob = (path / TENSORS).read_bytes()
        if hashlib.sha256(blob).hexdigest() != content["tensors_sha256"]:
            raise DamagedError(f"{path} is damaged ({TENSORS} is not what was written)")
        return Checkpoint(path, safetensors.torch.load(blob), content["facts"])
    except (OSError, safetensors.SafetensorError) as error:
        raise DamagedError(f"{path} is damaged ({TENSORS} cannot be read)") from error


def prune(folder: Path, keep: int, best: int | None) -> None:
    """Remove all but the `keep` newest checkpoints and that of step `best`, and mark that one."""
    paths = present(folder)
    marked = None if best is None else place(folder, best)
    if marked in paths:
        write_text(folder / BEST, json.dumps({"checkpoint": marked.name}) + "\n")
    for path in paths[:-keep]:
        if path != marked:
            shutil.rmtree(path)


def present(folder: Path) -> list[Path]:
    """All checkpoints in `folder`, the oldest first."""
    if not folder.is_dir():
        return []
    found = [(int(match[1]), path) for path in folder.iterdir() if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def place(folder: Path, step: int) -> Path:
    """Where the checkpoint of step `step` lies."""
    return folder / f"step-{step:08d}"


def _digest(content: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _remedy(path: Path) -> str:
    return f"restore what it was made with to go on, or remove {path.parent} to start afresh"


def _to_disk(path: Path) -> None:
    """Wait until `path` would survive a loss of power: renaming alone orders nothing on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
