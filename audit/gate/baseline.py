"""Findings that were there before: written down once, marked from then on, and struck out when they are gone."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from audit.config import Config
from audit.errors import AuditError
from audit.gate.score import COUNTED
from audit.gate.selection import Selection
from audit.model import Check, Evidence, Finding, Report, Rule, State, Verdict

SHOWN = 20  # entries that no longer match and are named one by one
REMEDY = "run the same command with --write-baseline to strike them out; what is new comes in with it, and is named"


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


def renewed(report: Report, before: Baseline, settings: Config, rules: Iterable[Rule]) -> Baseline:
    """What a report found as a baseline, in order; with what stood there of rules that this run did not look at.

    Args:
        settings: what the run was narrowed to.
        rules: all that there are.
    """
    selection = Selection((), settings.select, settings.ignore)
    ran = {check.id.split(".")[0] for check in report.checks if check.verdict in COUNTED}
    lesser = {rule.id for rule in rules if rule.severity.rank > settings.severity.rank}

    def is_unseen(item: Entry) -> bool:
        family = item.rule.split(".")[0]
        return family not in ran or item.rule in lesser or not selection.asks(family, item.rule)

    entries = {item.fingerprint: item for item in before.entries if is_unseen(item)}
    entries |= {finding.fingerprint: entry(finding) for finding in report.unsuppressed}
    order = sorted(entries.values(), key=lambda item: (item.path, item.rule, item.fingerprint))
    return Baseline(entries=tuple(order))


def render(known: Baseline) -> str:
    """The text of the file, the same bytes for the same entries."""
    return json.dumps(known.model_dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def changes(before: Baseline, after: Baseline) -> list[str]:
    """What a file takes in and strikes out when it is written anew, in lines: the numbers, then what is new."""
    old, held = ({item.fingerprint for item in one.entries} for one in (before, after))
    new = [item for item in after.entries if item.fingerprint not in old]
    number = f"{len(held)} {'entry' if len(held) == 1 else 'entries'}"
    if not old:
        return [number]
    lines = [f"new: {item.rule} in {item.path}: {item.message}" for item in new[:SHOWN]]
    lines += [f"… and {len(new) - SHOWN} more"] if len(new) > SHOWN else []
    return [f"{number}, {len(new)} new, {len(old - held)} struck out", *lines]


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
