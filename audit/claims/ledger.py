"""The ledger: for each claim's id, the evidence that its number comes from."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from audit.config import Section, Text
from audit.errors import AuditError


class MissingError(AuditError):
    """The ledger or a document is not there: wrong usage of the command, and a check of the gate that did not run."""


Key = tuple[str | int, ...]
SHARE = re.compile(r"\d+(?:\.\d+)?\s?%")
SUFFIXES = (".json", ".csv", ".toml", ".yaml", ".yml")


def looseness(value: float | str) -> float | str:
    """A number in the claim's own unit, or a share of the measured value such as "2 %"."""
    if isinstance(value, str) and not SHARE.fullmatch(value):
        raise ValueError("give a number, or a share such as '2 %'")
    if not isinstance(value, str) and not 0 <= value < float("inf"):
        raise ValueError("give a number of 0 or more")
    return value


Looseness = Annotated[float | str, AfterValidator(looseness)]


class Entry(Section):
    """Where a number comes from, and how far it may stray.

    Attributes:
        evidence: JSON, CSV, TOML or YAML, relative to the project; "" where there is none yet.
        key: steps into it: names, positions, and `name=value` for one of a list of tables; a text is split at dots.
            In a CSV the name of a column.
        where: rows of a CSV, by the value of other columns.
        of: what is made of a list or column: its number of entries, least, greatest, mean, sum, last.
        per: a second key: the first value is divided by this one's.
        scale: what the value is multiplied with, 100 for per cent.
        tolerance: how far the number may be from the value; half of its last written digit unless given.
        drift: how far it may be before it is refuted; beyond the tolerance it has drifted.
        command: what makes the evidence.
        sha256: of the evidence when the claim was written; other bytes are no evidence for it.
        commit, code: the evidence is of this commit; it is stale once one of these files has changed since.
        document, text: where the number stands when no marker can: a sentence with `{}` in place of the number,
            and `{*}` in place of others.
    """

    evidence: str = ""
    key: Key | str = ()
    where: dict[str, str | int] = Field(default_factory=dict)
    of: Annotated[str, Field(pattern="^(value|count|min|max|mean|sum|last)$")] = "value"
    per: Key | str = ()
    scale: float = 1.0
    tolerance: Looseness | None = None
    drift: Looseness | None = None
    command: str = ""
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    commit: Annotated[str, Field(pattern="^([0-9a-f]{7,40})?$")] = ""
    code: tuple[Text, ...] = ()
    document: str = ""
    text: Annotated[str, Field(pattern=r"^$|\{\}")] = ""


def load(path: Path) -> dict[str, Entry]:
    """The claims by id.

    Raises:
        AuditError: no such file, no TOML, or an entry that is wrong: with its id and key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = f"the ledger {path.name} cannot be read: {error.strerror}"
        raise MissingError(f"{reason}; `audit claims --draft` proposes one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError(f"the ledger {path} is no TOML: {error}") from error
    entries = {}
    for name, table in document.items():
        try:
            entries[name] = Entry.model_validate(table)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in (name, *problem["loc"]))
            raise AuditError(f"{path}: {where}: {problem['msg']} (got {problem['input']!r})") from error
        complain(path, name, entries[name])
    return entries


def complain(path: Path, name: str, entry: Entry) -> None:
    """What the types cannot say.

    Raises:
        AuditError: an entry that contradicts itself.
    """
    if bool(entry.document) != bool(entry.text):
        raise AuditError(f"{path}: {name}: document and text belong together; give both or neither")
    if entry.evidence and Path(entry.evidence).suffix not in SUFFIXES:
        raise AuditError(f"{path}: {name}.evidence: {entry.evidence} is none of {', '.join(SUFFIXES)}")
    if entry.evidence and (Path(entry.evidence).is_absolute() or ".." in Path(entry.evidence).parts):
        raise AuditError(f"{path}: {name}.evidence: {entry.evidence} is not inside the project")
    if bool(entry.commit) != bool(entry.code):
        raise AuditError(f"{path}: {name}: commit and code belong together: which files, unchanged since when")
