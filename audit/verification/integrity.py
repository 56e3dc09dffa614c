"""Whether a report and what it was made of are still the bytes that its statement names."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import AuditError
from audit.model import Check, Evidence, InputHash, Verdict, counted
from audit.provenance import hash_of
from audit.reports import statement
from audit.reports.json_report import SCHEMA_VERSION
from audit.verification import dsse

SHOWN = 20
REMEDY = "run the audit again"


@dataclass(frozen=True)
class Read:
    """A report from its file.

    Attributes:
        content: as JSON has it.
        statement: what was said of its bytes; None where no statement lies beside it.
    """

    path: Path
    data: bytes
    content: dict[str, Any]
    statement: dict[str, Any] | None


def load(path: Path) -> Read:
    """report.json and the statement beside it.

    Raises:
        AuditError: it cannot be read, or is no report of this version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AuditError(f"the report {path} cannot be read: {error.strerror}") from error
    try:
        content = json.loads(data)
        fits = content["schema_version"] == SCHEMA_VERSION and isinstance(content["checks"], list)
    except (ValueError, KeyError, TypeError) as error:
        raise AuditError(f"{path} is no report.json of an audit") from error
    if not fits:
        found = f"{path} has schema version {content['schema_version']!r}"
        raise AuditError(f"{found}; this audit reads version {SCHEMA_VERSION}")
    beside = path.with_name(statement.FILE)
    return Read(path, data, content, parsed(beside.read_text(encoding="utf-8")) if beside.is_file() else None)


def parsed(text: str | bytes) -> dict[str, Any] | None:
    """A statement; None for what is none."""
    try:
        content = json.loads(text)
        known = content["_type"] == statement.TYPE and content["predicateType"] == statement.PREDICATE
        usable = known and all(item["name"] and item["digest"] for item in content["subject"])
    except (ValueError, KeyError, TypeError):
        return None
    return content if usable else None


def signature_check(read: Read, key: Path) -> tuple[Check, dict[str, Any] | None]:
    """(the check of the signature, the statement that was signed; None without a good one)."""
    place = read.path.with_name(dsse.FILE)
    title = "The statement is signed with this key"
    public = dsse.public_key(key)
    proof = Evidence(f"ed25519 over {place.name}", expected=dsse.key_id(public), unit="key")
    if not place.is_file():
        message = f"{place.name} is missing"
        remedy = "sign it: `python -m audit verify REPORT --sign key.pem`"
        return Check("verify.signature", title, Verdict.FAIL, message, evidence=(proof,), remedy=remedy), None
    try:
        said = parsed(dsse.opened(place.read_text(encoding="utf-8"), public))
        message = "the signature is good" if said else "what was signed is no statement of an audit"
    except ValueError as error:
        said, message = None, f"{place.name}: {error}"
    verdict = Verdict.PASS if said else Verdict.FAIL
    return Check("verify.signature", title, verdict, message, evidence=(proof,), remedy="" if said else REMEDY), said


def bytes_check(read: Read, said: dict[str, Any] | None) -> Check:
    """The report is the one that the statement names."""
    title = "The report is as it was written"
    found = hashlib.sha256(read.data).hexdigest()
    if said is None:
        message = f"no statement lies beside it ({statement.FILE}), so nothing says what its bytes were"
        return Check("verify.report", title, Verdict.NOT_RUN, message, remedy=REMEDY)
    expected = digests(said["subject"]).get("report.json", "")
    proof = Evidence("sha256 of report.json", found, expected, inputs=(InputHash("report.json", found),))
    right = found == expected
    changed = "it has been changed since its statement was written"
    message = f"every byte is as it was, {origin(said)}" if right else changed
    return Check(
        "verify.report", title, Verdict.PASS if right else Verdict.FAIL, message, evidence=(proof,),
        remedy="" if right else REMEDY,
    )  # fmt: skip


def origin(said: dict[str, Any]) -> str:
    """Where a report was made: commit, whether the tree was clean, Python, platform."""
    named: dict[str, Any] = {item["name"]: item for item in said["predicate"].get("configuration", ())}
    repository = named.get("repository", {})
    noted = repository.get("annotations", {})
    commit = repository.get("digest", {}).get("gitCommit", "")
    tree = f"at commit {commit[:12]} of a {noted.get('tree')} tree" if commit else "outside of a repository"
    return f"{tree}, Python {noted.get('python')}, {noted.get('platform')}"


def inputs_check(root: Path, said: dict[str, Any] | None) -> tuple[Check, set[str]]:
    """(the check that all inputs are as they were, the paths of those that are not)."""
    title = "What was audited is as it was"
    named = {} if said is None else digests(said["subject"]) | digests(said["predicate"].get("configuration", ()))
    named.pop("report.json", None)
    if not named:
        return Check("verify.inputs", title, Verdict.NOT_RUN, "no statement names the inputs", remedy=REMEDY), set()
    changed, missing = [], []
    for path, sha256 in sorted(named.items()):
        now = hash_of(root, path)
        if now is None:
            missing.append(path)
        elif now.sha256 != sha256:
            changed.append(path)
    different = len(changed) + len(missing)
    changes = f"{counted(different, 'file')} of {len(named)} changed or gone"
    message = changes if different else f"all {len(named)} are as they were"
    notes = [f"changed: {path}" for path in changed[:SHOWN]] + [f"missing: {path}" for path in missing[:SHOWN]]
    proof = Evidence("sha256 of each input", len(named) - different, len(named), "files as they were")
    check = Check(
        "verify.inputs", title, Verdict.FAIL if different else Verdict.PASS, message, evidence=(proof,),
        notes=tuple(notes), remedy=REMEDY if different else "",
    )  # fmt: skip
    return check, {*changed, *missing}


def digests(resources: Any) -> dict[str, str]:
    """sha256 by name, of those that have one."""
    return {item["name"]: item["digest"]["sha256"] for item in resources if "sha256" in item.get("digest", {})}
