"""Findings that were there before: written down once, marked from then on, and struck out when they are gone."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from audit.errors import AuditError
from audit.model import Check, Evidence, Finding, Report, State, Verdict

SHOWN = 20  # entries that no longer match and are named one by one
REMEDY = "run the same command with --write-baseline to strike them out"


class Entry(BaseModel):
    """One known finding. Only `fingerprint` and `rule` are compared, the rest is for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    rule: str
    path: str
    message: str


class Baseline(BaseModel):
    """The file: what was found when it was written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    entries: tuple[Entry, ...] = ()


def read(path: Path) -> Baseline:
    """A baseline from its file.

    Raises:
        AuditError: no such file, or something else in it.
    """
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise AuditError(
            f"the baseline {path} cannot be read: {reason}; write one with --write-baseline {path}"
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise AuditError(f"{path} is no baseline of this version: {place}: {problem['msg']}") from error


def render(report: Report) -> str:
    """The open and known findings of a report as a baseline, the same bytes for the same findings."""
    entries = [entry(finding) for finding in report.unsuppressed]
    entries.sort(key=lambda entry: (entry.path, entry.rule, entry.fingerprint))
    document = Baseline(entries=tuple(entries)).model_dump()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def compared(
    checks: Sequence[Check], baseline: Baseline, path: Path, families: Collection[str]
) -> tuple[tuple[Check, ...], Check]:
    """(the checks with known findings marked, a check that fails on entries which nothing matches any more).

    Args:
        families: those that came to a result; entries of the others are not judged.
    """
    known = {entry.fingerprint for entry in baseline.entries}

    def mark(finding: Finding) -> Finding:
        return replace(finding, state=State.KNOWN) if finding.fingerprint in known and is_open(finding) else finding

    marked = tuple(replace(check, findings=tuple(map(mark, check.findings))) for check in checks)
    there = {finding.fingerprint for check in checks for finding in check.findings}
    gone = [
        entry
        for entry in baseline.entries
        if entry.fingerprint not in there and entry.rule.split(".")[0] in families
    ]  # fmt: skip
    return marked, verdict(len(baseline.entries), gone, path)


def verdict(total: int, gone: Sequence[Entry], path: Path) -> Check:
    """Whether every entry still has its finding."""
    proof = Evidence(f"comparison with {path.name}", measured=len(gone), expected=0, unit="entries without a finding")
    title = "The baseline says what is so"
    if not gone:
        message = f"{total} of {total} entries found again"
        return Check("baseline", title, Verdict.PASS, message, evidence=(proof,))
    notes = [f"gone: {entry.rule} in {entry.path}: {entry.message}" for entry in gone[:SHOWN]]
    if len(gone) > SHOWN:
        notes.append(f"… and {len(gone) - SHOWN} more")
    message = f"{len(gone)} of {total} entries match nothing any more"
    return Check("baseline", title, Verdict.FAIL, message, evidence=(proof,), notes=tuple(notes), remedy=REMEDY)


def entry(finding: Finding) -> Entry:
    """A finding as it is written down."""
    path, message = whole(finding.location.path), whole(finding.message)
    return Entry(fingerprint=finding.fingerprint, rule=finding.rule, path=path, message=message)


def whole(text: str) -> str:
    """Without the halves of characters that names of files may hold: no file in UTF-8 can."""
    return text.encode("utf-8", "replace").decode()


def is_open(finding: Finding) -> bool:
    """Neither suppressed nor known already."""
    return finding.state is State.OPEN
