"""`[tool.audit]` of a project's pyproject.toml, checked before anything runs."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from audit.errors import AuditError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Callable_ = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]


class Section(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Exclusion(Section):
    """Files that are not audited, and why."""

    path: Text
    reason: Text


class Acceptance(Section):
    """A deviation from a paper that this project accepts. `name` is one that the paper's file knows."""

    name: Text
    reason: Text


class Subject(Section):
    """An implementation of a paper: `module:callable` that returns it, imported only when the paper is measured."""

    name: Text
    adapter: Callable_
    accept: tuple[Acceptance, ...] = ()


class EvidenceFiles(Section):
    """Where the test run leaves its machine-readable results, and the command that makes it leave them."""

    junit: Text = "build/evidence/junit.xml"
    coverage: Text = "build/evidence/coverage.json"
    remedy: Text = "run `make test`"


class Coverage(Section):
    """Packages whose lines must be covered, each one a leg of its own."""

    packages: tuple[Text, ...] = ()
    threshold: Annotated[float, Field(ge=0, le=100)] = 90.0


class Config(Section):
    """The whole of `[tool.audit]`."""

    include: tuple[Text, ...] = ("**",)
    exclude: tuple[Exclusion, ...] = ()
    evidence: EvidenceFiles = EvidenceFiles()
    coverage: Coverage = Coverage()
    require: tuple[Text, ...] = ()
    papers: dict[str, tuple[Subject, ...]] = {}


def load(root: Path) -> tuple[str, Config]:
    """Name and `[tool.audit]` of the project in `root`.

    Raises:
        AuditError: no pyproject.toml, no [tool.audit] in it, or something in it that is wrong: with the key's path.
    """
    path = root / "pyproject.toml"
    remedy = "run it in a project that has [tool.audit] in its pyproject.toml, or use `python -m audit check PATH`"
    if not path.is_file():
        raise AuditError(f"no pyproject.toml in {root}: {remedy}")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError(f"pyproject.toml cannot be read: {error}") from error
    table = document.get("tool", {}).get("audit")
    if table is None:
        raise AuditError(f"pyproject.toml has no [tool.audit]: {remedy}")
    return str(document.get("project", {}).get("name", root.name)), parse(table)


def parse(table: dict[str, Any]) -> Config:
    """Check the content of `[tool.audit]`.

    Raises:
        AuditError: every unknown key, wrong type and value out of range, one a line, with its path.
    """
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            path = ".".join(str(part) for part in ("tool", "audit", *problem["loc"]))
            lines.append(f"{path}: {problem['msg']} (got {problem['input']!r})")
        raise AuditError("pyproject.toml is wrong:\n  " + "\n  ".join(lines)) from error
