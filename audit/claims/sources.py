"""Reads the value that a claim's evidence holds."""

import csv
import hashlib
import io
import json
import math
import statistics
import subprocess
import tomllib
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from audit.claims.ledger import Entry, Key


class NoEvidenceError(Exception):
    """The evidence is missing, stale, or does not hold such a value: why, in one sentence."""


class Several(list[Any]):
    """The tables that a step `name=value` chose; the steps behind it are taken in each of them."""


def value(root: Path, entry: Entry) -> tuple[float, str]:
    """(the value in the claim's unit, sha256 of the evidence).

    Raises:
        NoEvidenceError: there is none.
    """
    found, digest = content(root, entry)
    measured = scalar(found, entry, entry.key)
    if entry.per:
        divisor = scalar(found, entry, entry.per)
        if divisor == 0:
            raise NoEvidenceError(f"{shown(entry.per)} in {entry.evidence} is 0")
        measured /= divisor
    return measured * entry.scale, digest


def content(root: Path, entry: Entry) -> tuple[Any, str]:
    """(what a file of evidence holds, its sha256).

    Raises:
        NoEvidenceError: it is missing, stale, not the one that the ledger means, or cannot be read.
    """
    if not entry.evidence:
        raise NoEvidenceError("the ledger names no evidence for it")
    place = root / entry.evidence
    try:
        data = place.read_bytes()
    except OSError:
        made = f"; `{entry.command}` makes it" if entry.command else ""
        raise NoEvidenceError(f"{entry.evidence} is missing{made}") from None
    digest = hashlib.sha256(data).hexdigest()
    if entry.sha256 and digest != entry.sha256:
        raise NoEvidenceError(f"{entry.evidence} is not the file that the ledger names by its sha256")
    if entry.commit:
        unchanged_since(root, entry)
    return parsed(place, data), digest


def unchanged_since(root: Path, entry: Entry) -> None:
    """The code that the evidence speaks of is as it was.

    Raises:
        NoEvidenceError: it is not, or git cannot say.
    """
    git = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(root)]
    known = [*git, "cat-file", "-e", f"{entry.commit}^{{commit}}"]  # outside of a repository `diff` compares files
    try:
        if subprocess.run(known, capture_output=True, check=False).returncode:
            raise NoEvidenceError(f"git does not know the commit {entry.commit[:12]}")
        differs = [*git, "diff", "--quiet", entry.commit, "--", *entry.code]
        if subprocess.run(differs, capture_output=True, check=False).returncode:
            files = ", ".join(entry.code)
            raise NoEvidenceError(f"{entry.evidence} is stale: {files} changed since {entry.commit[:12]}")
    except OSError as error:
        raise NoEvidenceError("git is not there to say whether the code changed") from error


def parsed(place: Path, data: bytes) -> Any:
    """The content of a file of evidence."""
    try:
        text = data.decode("utf-8")
        match place.suffix:
            case ".json":
                return json.loads(text)
            case ".csv":
                return list(csv.DictReader(io.StringIO(text)))
            case ".toml":
                return tomllib.loads(text)
            case _:
                return yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise NoEvidenceError(f"{place.name} cannot be read: {str(error).splitlines()[0]}") from error


def scalar(content: Any, entry: Entry, key: Key | str) -> float:
    """One number from the content."""
    where = f"{shown(key)} in {entry.evidence}"
    if entry.evidence.endswith(".csv"):
        rows = [row for row in content if all(row.get(name) == str(text) for name, text in entry.where.items())]
        column = key if isinstance(key, str) else shown(key)
        if column and rows and column not in rows[0]:
            raise NoEvidenceError(f"{entry.evidence} has no column {column!r}")
        found: Any = [row[column] for row in rows] if column else rows
        if entry.of == "value":
            if len(found) != 1:
                raise NoEvidenceError(f"{len(found)} rows of {entry.evidence} fit, not one; say `where` or `of`")
            found = found[0]
    else:
        try:
            found = reduce(step, steps(key), content)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise NoEvidenceError(f"there is no {where}") from None
        if isinstance(found, Several):
            if entry.of == "value" and len(found) > 1:
                raise NoEvidenceError(f"{where}: {len(found)} fit, not one; say `of`")
            found = found[0] if entry.of == "value" or isinstance(found[0], list | dict) else found
    try:
        result = reduced(found, entry.of)
    except (TypeError, ValueError, ZeroDivisionError):
        raise NoEvidenceError(f"{where} is no number") from None
    if not math.isfinite(result):
        raise NoEvidenceError(f"{where} is {result}")
    return result


def reduced(found: Any, of: str) -> float:
    """A list or column as one number."""
    if of == "value":
        if isinstance(found, bool) or not isinstance(found, int | float | str):
            raise TypeError
        return float(found)
    if of == "count":
        return float(len(found))
    numbers = [float(item) for item in (found.values() if isinstance(found, dict) else found)]
    match of:
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "mean":
            return math.fsum(numbers) / len(numbers)
        case "std":
            return statistics.stdev(numbers)
        case "last":
            return numbers[len(numbers) - 1]
        case _:
            return math.fsum(numbers)


def steps(key: Key | str) -> Key:
    """A text is split at dots; what holds dots is given as a list."""
    return key if not isinstance(key, str) else tuple(key.split(".")) if key else ()


def step(content: Any, part: str | int) -> Any:
    """One step into JSON."""
    if isinstance(content, Several):
        found = [step(item, part) for item in content]
        return Several(one for item in found for one in (item if isinstance(item, Several) else [item]))
    if isinstance(content, list):
        return chosen(content, part) if isinstance(part, str) and "=" in part else content[int(part)]
    if part in content or str(part) in content:
        return content[part] if part in content else content[str(part)]
    return chosen(list(content.values()), str(part))


def chosen(tables: list[Any], part: str) -> Several:
    """The tables that have this value under this name.

    Raises:
        KeyError: none has.
    """
    name, _, wanted = part.partition("=")
    found = Several(table for table in tables if str(table.get(name)) == wanted)
    if not found:
        raise KeyError(part)
    return found


def shown(key: Key | str) -> str:
    """A key in words."""
    return key if isinstance(key, str) else " › ".join(str(part) for part in key)
