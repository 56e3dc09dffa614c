"""A paper as data: `papers/NAME/paper.toml`, read and checked."""

import hashlib
import tomllib
from functools import cache
from importlib import import_module, resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from audit.errors import AuditError
from audit.papers.probe import Probe

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Value = int | float | str


class Section(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Deviation(Section):
    """Another value that is known and has a reason. It counts as accepted only where a project accepts it by name."""

    name: Text
    value: Value
    reason: Text


class Parameter(Section):
    """One thing that the paper states and a probe can measure. `tolerance` is the half-width of what agrees."""

    id: Text
    name: Text
    symbol: Text
    expected: Value
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    unit: str = ""
    source: Text
    probe: Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[a-z_0-9]+$")]
    deviations: tuple[Deviation, ...] = ()


class Gap(Section):
    """Something that the paper states and no probe measures."""

    what: Text
    why: Text
    how: Text


class Paper(Section):
    """A paper's file. `default`: what a subject given by hand is measured against where no paper is named."""

    id: Text
    title: Text
    reference: Text
    parameters: tuple[Parameter, ...]
    default: bool = False
    not_measured: tuple[Gap, ...] = ()
    sha256: str = ""


@cache
def names() -> tuple[str, ...]:
    """The papers that are there."""
    folder = resources.files("audit.papers")
    return tuple(sorted(entry.name for entry in folder.iterdir() if (entry / "paper.toml").is_file()))


@cache
def default() -> str:
    """The paper whose file says that it is the one to measure where none is named."""
    return next((name for name in names() if load(name).default), names()[0])


@cache
def load(name: str) -> Paper:
    """Read a paper.

    Raises:
        AuditError: no such paper, or its file is wrong.
    """
    if name not in names():
        raise AuditError(f"tool.audit.papers.{name}: no such paper; there are: {', '.join(names())}")
    data = (resources.files("audit.papers") / name / "paper.toml").read_bytes()
    return parse(name, data)


def parse(name: str, data: bytes) -> Paper:
    """Check the content of a paper's file.

    Raises:
        AuditError: with the path of every key that is wrong.
    """
    try:
        content = {**tomllib.loads(data.decode()), "sha256": hashlib.sha256(data).hexdigest()}
        return Paper.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError(f"{name}/paper.toml cannot be read: {error}") from error
    except ValidationError as error:
        places = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise AuditError(f"{name}/paper.toml is wrong: {'; '.join(places)}") from error


def probe(paper: Paper, parameter: Parameter) -> Probe:
    """The function that measures a parameter: `module:function` in the paper's own package."""
    module, function = parameter.probe.split(":")
    found: Probe = getattr(import_module(f"audit.papers.{paper.id}.{module}"), function)
    return found
