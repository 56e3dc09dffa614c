"""Which stage makes which outputs, in the order in which they run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from audit.errors import AuditError

LOCK = "dvc.lock"


@dataclass(frozen=True)
class Stage:
    """A stage and the paths that it writes."""

    name: str
    outputs: tuple[str, ...]


def of_project(place: Path, outputs: Sequence[str]) -> list[Stage]:
    """The stages of a clone: of dvc.lock, or the outputs that the configuration names, each a stage of its own.

    Raises:
        AuditError: nothing says what the outputs are.
    """
    if outputs:
        return [Stage(name, (inside(name),)) for name in outputs]
    lock = place / LOCK
    try:
        content = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"]
        stages = {name: (paths(entry, "deps"), paths(entry, "outs")) for name, entry in content.items()}
    except OSError as error:
        remedy = "name the outputs in [tool.audit.reproduce]"
        raise AuditError(f"no {LOCK} in this commit says which outputs there are: {remedy}") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(f"{LOCK} cannot be read: {type(error).__name__}") from error
    found = [Stage(name, stages[name][1]) for name in ordered(stages) if stages[name][1]]
    if not found:
        raise AuditError(f"{LOCK} names no output: name them in [tool.audit.reproduce]")
    return found


def paths(entry: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """The paths of a stage's dependencies or outputs."""
    return tuple(inside(item["path"]) for item in entry.get(kind) or ())


def inside(path: str) -> str:
    """A path that stays in the project.

    Raises:
        AuditError: it does not.
    """
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or path in ("", "."):
        raise AuditError(f"the output {path!r} lies outside the project: it cannot be compared")
    return path


def ordered(stages: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> list[str]:
    """Names of the stages, each behind those whose outputs it reads; otherwise as the file has them.

    Raises:
        AuditError: they go round in a circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, (needs, _) in stages.items():
        before = [
            other
            for other, (_, makes) in stages.items()
            if other != name and any(overlap(need, made) for need in needs for made in makes)
        ]
        sorter.add(name, *before)
    position = {name: number for number, name in enumerate(stages)}
    found: list[str] = []
    try:
        sorter.prepare()
    except CycleError as error:
        raise AuditError(f"the stages of {LOCK} go round in a circle") from error
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=position.__getitem__)
        found.append(ready.pop(0))
        sorter.done(found[-1])
    return found


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one lies in the other."""
    a, b = PurePosixPath(one), PurePosixPath(other)
    return a == b or a in b.parents or b in a.parents
