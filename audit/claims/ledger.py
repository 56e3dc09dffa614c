"""The ledger: for each claim's id, the evidence that its number comes from."""

import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from audit.config import Callable_, Section, Text
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
        each: names with the values that they take: the entry stands for as many claims as there are combinations, with
            the value in place of `{name}` in the id and in every text of the entry.
        evidence: JSON, CSV, TOML or YAML, relative to the project; "" where there is none yet.
        key: steps into it: names, positions, and `name=value` for those of several tables that say so; a text is split
            at dots. In a CSV the name of a column.
        where: rows of a CSV, by the value of other columns.
        of: what is made of a list or column: its number of entries, least, greatest, mean, standard deviation (of a
            sample), sum, last.
        per: a second key: the first value is divided by this one's.
        scale: what the value is multiplied with, 100 for per cent.
        tolerance: how far the number may be from the value; half of its last written digit unless given.
        drift: how far it may be before it is refuted; beyond the tolerance it has drifted.
        command: what makes the evidence.
        sha256: of the evidence when the claim was written; other bytes are no evidence for it.
        commit, code: the evidence is of this commit; it is stale once one of these files has changed since.
        document, text: where the number stands when no marker can: a sentence with `{}` in place of the number,
            and `{*}` in place of others.
        document, renderer: of a document, or a part of one, that a program makes of the evidence: the function
            `module:name` or `file.py:name` that makes its text of what the evidence holds. It is imported and run.
    """

    each: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], tuple[Text, ...]] = Field(default_factory=dict)
    evidence: str = ""
    key: Key | str = ()
    where: dict[str, str | int] = Field(default_factory=dict)
    of: Annotated[str, Field(pattern="^(value|count|min|max|mean|std|sum|last)$")] = "value"
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
    renderer: Callable_ = ""


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
    entries: dict[str, Entry] = {}
    for name, table in document.items():
        for claim, one in several(path, name, table):
            if claim in entries:
                raise AuditError(f"{path}: two claims are called {claim}")
            entries[claim] = parsed(path, claim, one)
            complain(path, claim, entries[claim])
    return entries


def parsed(path: Path, name: str, table: Any) -> Entry:
    """An entry of the ledger.

    Raises:
        AuditError: a key that is unknown or wrong.
    """
    try:
        return Entry.model_validate(table)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in (name, *problem["loc"]))
        raise AuditError(f"{path}: {where}: {problem['msg']} (got {problem['input']!r})") from error


def several(path: Path, name: str, table: Any) -> Iterator[tuple[str, Any]]:
    """(id, table) of the claims that an entry stands for.

    Raises:
        AuditError: a name of `each` does not stand in the id, so that the claims could not be told apart.
    """
    each = parsed(path, name, table).each
    missing = [key for key in each if f"{{{key}}}" not in name]
    if missing:
        raise AuditError(f"{path}: {name}.each: {{{missing[0]}}} does not stand in the id")
    for values in product(*each.values()):
        chosen = dict(zip(each, values, strict=True))
        rest = {key: value for key, value in table.items() if key != "each"}
        yield filled(name, chosen), filled(rest, chosen)


def filled(value: Any, chosen: dict[str, str]) -> Any:
    """A value with `{name}` replaced in every text of it; `{}` and `{*}` stay."""
    if isinstance(value, dict):
        return {key: filled(item, chosen) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, chosen) for item in value]
    if isinstance(value, str):
        return re.sub(r"\{([a-z_]+)\}", lambda match: chosen.get(match.group(1), match.group()), value)
    return value


def complain(path: Path, name: str, entry: Entry) -> None:
    """What the types cannot say.

    Raises:
        AuditError: an entry that contradicts itself.
    """
    if bool(entry.document) != bool(entry.text or entry.renderer) or (entry.text and entry.renderer):
        raise AuditError(f"{path}: {name}: document and either text or renderer belong together; give both or neither")
    if entry.evidence and Path(entry.evidence).suffix not in SUFFIXES:
        raise AuditError(f"{path}: {name}.evidence: {entry.evidence} is none of {', '.join(SUFFIXES)}")
    if entry.evidence and (Path(entry.evidence).is_absolute() or ".." in Path(entry.evidence).parts):
        raise AuditError(f"{path}: {name}.evidence: {entry.evidence} is not inside the project")
    if bool(entry.commit) != bool(entry.code):
        raise AuditError(f"{path}: {name}: commit and code belong together: which files, unchanged since when")
