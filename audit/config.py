"""`[tool.audit]` of a project's pyproject.toml, checked before anything runs."""

import difflib
import re
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from audit.errors import AuditError
from audit.model import Severity

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
NAME = "pyproject.toml"
MAX_BYTES = 2**20  # a pyproject.toml that is larger is none
# Where a text that need not be TOML has a [tool.audit]: by its head or in braces, or under [tool].
OWN = re.compile(
    r"^[ \t\[]*['\"]?tool['\"]?[ \t]*(?:\.[ \t]*['\"]?audit(?![\w-])"
    r"|=[^\n]*[{,][ \t]*['\"]?audit['\"]?[ \t]*[=.])"
    r"|^[ \t]*\[[ \t]*['\"]?tool['\"]?[ \t]*\](?:[^\n]*\n(?![ \t]*\[))*?[ \t]*['\"]?audit(?![\w-])",
    re.M,
)
# What pydantic says in Python's words, in those of the file.
IN_TOML = {
    "tuple_type": "should be a list",
    "dict_type": "should be a table",
    "model_type": 'should be a table with its keys: { key = "..." }',
}
# A dotted module or the path of a Python file, then a name in it.
Callable_ = Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][\w.]*|[^:]+\.py):[A-Za-z_]\w*$")]


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
    """An implementation of a paper: `module:callable` or `file.py:callable` that returns it.

    It is imported only when the paper is measured.
    """

    name: Text
    adapter: Callable_
    accept: tuple[Acceptance, ...] = ()


class SuppressedRule(Section):
    """Findings that this project leaves: of which rule or family, in which files, why, and until which day."""

    rule: Text
    path: Text = "**"
    reason: Text
    until: date | None = None


class EvidenceFiles(Section):
    """Where tools leave their machine-readable results, and the command that makes them leave them.

    Attributes:
        junit, coverage: of the test run.
        sarif: of linters. A file called ruff.sarif or flake8.sarif is read in place of running that linter.
        mypy: what `mypy --output json` printed; read in place of running mypy.
    """

    junit: Text = "build/evidence/junit.xml"
    coverage: Text = "build/evidence/coverage.json"
    sarif: tuple[Text, ...] = ()
    mypy: Text | None = None
    remedy: Text = "run `make test`"


class Coverage(Section):
    """Packages whose lines must be covered, each one a leg of its own."""

    packages: tuple[Text, ...] = ()
    threshold: Annotated[float, Field(ge=0, le=100)] = 90.0


class Mutants(Section):
    """How the code is broken on purpose (`python -m audit mutants`).

    Attributes:
        files: the lists of mutants, TOML.
        copies: files and folders that are copied to be broken; evidence of a trial holds while they are as they were.
        support: what is copied beside them, such as tests; only the tests that mutants name count as evidence.
        preload: slow libraries that are imported once for all trials; never the project's own packages.
        workers: trials at a time.
        report: where the evidence is written.
    """

    files: Annotated[tuple[Text, ...], Field(min_length=1)]
    copies: Annotated[tuple[Text, ...], Field(min_length=1)]
    support: tuple[Text, ...] = ()
    preload: tuple[Text, ...] = ()
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    report: Text = "reports/audit/mutants.json"


class Memory(Section):
    """Whose peak memory is predicted and measured (`python -m audit memory`)."""

    adapter: Callable_


class Claims(Section):
    """Documents whose numbers are held against evidence (`python -m audit claims`).

    Attributes:
        documents: paths or patterns, relative to the project.
        made: the same of documents that the pipeline makes, such as model cards: a check of their own, which does not
            apply before there is one.
        complete: of all these, those in which a number bound to nothing is a finding.
        ledger: TOML: for each claim its evidence.
    """

    documents: Annotated[tuple[Text, ...], Field(min_length=1)]
    made: tuple[Text, ...] = ()
    complete: tuple[Text, ...] = ()
    ledger: Text = "claims.toml"


class Reproduce(Section):
    """What `python -m audit reproduce` runs in clean clones.

    Attributes:
        command: run by the shell in each clone.
        outputs: files and folders to compare, in the order in which they are made; those of dvc.lock without it.
    """

    command: Text = "make repro"
    outputs: tuple[Text, ...] = ()


class Config(Section):
    """The whole of `[tool.audit]`."""

    include: tuple[Text, ...] = ("**",)
    exclude: tuple[Exclusion, ...] = ()
    evidence: EvidenceFiles = EvidenceFiles()
    coverage: Coverage = Coverage()
    require: tuple[Text, ...] = ()
    papers: dict[str, tuple[Subject, ...]] = {}
    mutants: Mutants | None = None
    memory: Memory | None = None
    claims: Claims | None = None
    reproduce: Reproduce = Reproduce()
    inputs: Annotated[
        tuple[Text, ...], Field(description="data and weights whose hashes the statement names beside the tree's")
    ] = ()
    select: tuple[Text, ...] = ()
    ignore: tuple[Text, ...] = ()
    severity: Severity = Severity.MINOR
    fail_on: Severity = Severity.MINOR
    fail_under: Annotated[float, Field(ge=0, le=100)] | None = None
    suppress: tuple[SuppressedRule, ...] = ()
    baseline: Text | None = None
    comments: Annotated[bool, Field(description="whether `audit: ignore` comments count")] = True

    def with_options(self, **options: Any) -> "Config":
        """A copy in which every option that is given (not None) takes the place of what the file says."""
        return self.model_copy(update={name: value for name, value in options.items() if value is not None})


def load(root: Path) -> tuple[str, Config]:
    """Name and `[tool.audit]` of the project in `root`.

    Raises:
        AuditError: no pyproject.toml, no [tool.audit] in it, or something in it that is wrong: with the key's path.
    """
    remedy = "run it in a project that has [tool.audit] in its pyproject.toml, or use `python -m audit check PATH`"
    if not (root / NAME).is_file():
        raise AuditError(f"no {NAME} in {root}: {remedy}")
    try:
        document = tomllib.loads((root / NAME).read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AuditError(f"{NAME} cannot be read: {error}") from error
    table = held(document, "tool").get("audit")
    if table is None:
        raise AuditError(f"{NAME} has no [tool.audit]: {remedy}")
    return str(held(document, "project").get("name", root.name)), parse(table, root / NAME)


def load_if_there(root: Path) -> Config | None:
    """`[tool.audit]` of a tree that need not have one; None without it, also where pyproject.toml is no TOML.

    Raises:
        AuditError: something in it is wrong: with the key's path; or it is there, and the file is no TOML.
    """
    path = root / NAME
    if path.is_symlink() or not path.is_file():
        return None
    try:
        table = held(tomllib.loads(whole(path)), "tool").get("audit")
    except (ValueError, RecursionError) as error:
        if not OWN.search(beginning(path)):
            return None  # the rules say what is wrong with the file
        aside = "mend it, or leave it aside with `check --isolated`"
        raise AuditError(f"{path} has a [tool.audit] that cannot be heeded: {error}; {aside}") from error
    except OSError:
        return None  # the rules say this, too
    return None if table is None else parse(table, path)


def whole(path: Path) -> str:
    """The text of a file of configuration.

    Raises:
        ValueError: it is not UTF-8, or too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES // 2**20} MiB")
    return path.read_text(encoding="utf-8-sig")


def beginning(path: Path) -> str:
    """As much of a file as a configuration may have, whatever stands in it."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(MAX_BYTES)


def held(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A table of a document; an empty one where there is none of this name."""
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def parse(table: Any, place: Path = Path(NAME)) -> Config:
    """Check the content of `[tool.audit]` of the file at `place`, which may turn out to be no table.

    Raises:
        AuditError: every unknown key, wrong type and value out of range, one a line, with its path.
    """
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            path = ".".join(str(part) for part in ("tool", "audit", *problem["loc"]))
            hint = ""
            if problem["type"] == "extra_forbidden":
                hint = suggestion(str(problem["loc"][-1]), keys(Config, problem["loc"][:-1]))
            said = IN_TOML.get(problem["type"], problem["msg"])
            lines.append(f"{path}: {said} (got {problem['input']!r}){hint}")
        raise AuditError(f"{place} is wrong:\n  " + "\n  ".join(lines)) from error


def keys(section: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The keys that a table may have, by its path; none where the path leads out of what is known."""
    for part in path:
        if isinstance(part, str) and part in section.model_fields:
            inner = sections(section.model_fields[part].annotation)
            if not inner:
                return []
            section = inner[0]
    return list(section.model_fields)


def sections(annotation: Any) -> list[type[BaseModel]]:
    """The tables that a type holds, as `Subject` in `dict[str, tuple[Subject, ...]]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in sections(part)]


def suggestion(name: str, known: Sequence[str]) -> str:
    """`; did you mean 'x'?` for the nearest known key, else the list of all."""
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else f"; there are: {', '.join(known)}" if known else ""
