"""Whether the numbers of documents hold against their evidence."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audit.claims import documents, ledger, sources
from audit.claims.documents import Said
from audit.claims.ledger import Entry
from audit.config import Claims
from audit.errors import AuditError, NotRunError
from audit.model import Check, Confidence, Evidence, Finding, InputHash, Location, Severity, Verdict, counted

ID = "claims"
TITLE = "Numbers in documents hold against their evidence"
SHOWN = 100  # numbers bound to nothing that are named, where documents are asked for by name
SHOWN_IN_PASSING = 5  # and otherwise


class Outcome(StrEnum):
    """What the evidence says of a claim."""

    HOLDS = "holds"
    DRIFTED = "drifted"
    REFUTED = "refuted"
    NO_EVIDENCE = "no evidence"


@dataclass(frozen=True)
class Judged:
    """A claim, where it stands, and what its evidence says."""

    said: Said
    outcome: Outcome
    message: str
    evidence: Evidence


def check(root: Path, settings: Claims, paths: Sequence[str] = ()) -> Check:
    """Judge every claim of the documents, and list the numbers that are bound to nothing.

    Args:
        paths: documents, in place of those that the configuration names.

    Raises:
        AuditError: a document or the ledger cannot be read.
    """
    entries = ledger.load(root / settings.ledger)
    named = list(dict.fromkeys(paths)) or chosen(root, settings)
    texts = {path: text(root, path) for path in named}
    claims = [claim for path, content in texts.items() for claim in documents.bound(path, content)]
    loose: list[Said] = []
    bound_by_text: set[tuple[Location, str]] = set()
    gone: list[Judged] = []
    for name, entry in entries.items():
        if not entry.document or (entry.document not in texts and paths):
            continue
        content = texts[entry.document] if entry.document in texts else text(root, entry.document)
        places = documents.at_text(entry.document, content, entry.text, name)
        bound_by_text |= {(item.location, item.text) for item in places}
        claims += places
        if not places:
            gone.append(absent(entry, name))
    for path, content in texts.items():
        free = documents.unbound(path, content)
        loose += [item for item in free if (item.location, item.text) not in bound_by_text]
    results = sorted((*(judge(root, item, entries) for item in claims), *gone), key=lambda item: item.said.location)
    unused = sorted(set(entries) - {item.said.claim for item in results}) if not paths else []
    book = InputHash(settings.ledger, digest(root / settings.ledger))
    return summed(results, unbound_notes(loose, SHOWN if paths else SHOWN_IN_PASSING), len(loose), unused, book)


def gate(root: Path, settings: Claims) -> Check:
    """The gate's check: what is not there keeps it from running, and ends nothing else.

    Raises:
        NotRunError: the ledger or a document is missing.
        AuditError: the ledger is wrong.
    """
    try:
        return check(root, settings)
    except ledger.MissingError as error:
        raise NotRunError(str(error), "put it there, or take it out of [tool.audit.claims]") from error


def chosen(root: Path, settings: Claims) -> list[str]:
    """The documents that the configuration names; a pattern may fit several.

    Raises:
        AuditError: one names no file.
    """
    found: list[str] = []
    for pattern in settings.documents:
        fitting = sorted(path.relative_to(root).as_posix() for path in root.glob(pattern) if path.is_file())
        if not fitting:
            raise ledger.MissingError(f"tool.audit.claims.documents: no file is called {pattern}")
        found += fitting
    return list(dict.fromkeys(found))


def text(root: Path, path: str) -> str:
    """A document.

    Raises:
        AuditError: it cannot be read.
    """
    try:
        return (root / path).read_text(encoding="utf-8")
    except OSError as error:
        raise ledger.MissingError(f"the document {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AuditError(f"the document {path} is no text in UTF-8") from error


def digest(path: Path) -> str:
    """sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def absent(entry: Entry, name: str) -> Judged:
    """A sentence of the ledger that its document does not say any more."""
    place = Said(Location(entry.document), "", None, 0.0, name)
    return Judged(place, Outcome.NO_EVIDENCE, f"{name}: the document does not say {entry.text!r}", Evidence("read"))


def judge(root: Path, said: Said, entries: dict[str, Entry]) -> Judged:
    """One number against its evidence."""
    entry = entries.get(said.claim)
    if entry is None:
        why = f"the ledger has no claim {said.claim!r}"
        return Judged(said, Outcome.NO_EVIDENCE, f"{said.claim}: {why}", Evidence("read", expected=said.value))
    command = f"read {entry.evidence}: {sources.shown(entry.key)}" + (f" ({entry.of})" if entry.of != "value" else "")
    if said.value is None:
        why = f"{said.claim}: no number stands before the marker"
        return Judged(said, Outcome.NO_EVIDENCE, why, Evidence(command))
    try:
        measured, sha256 = sources.value(root, entry)
    except sources.NoEvidenceError as error:
        return Judged(said, Outcome.NO_EVIDENCE, f"{said.claim}: {error}", Evidence(command, expected=said.value))
    outcome = compared(said, entry, measured)
    proof = Evidence(command, measured, said.value, inputs=(InputHash(entry.evidence, sha256),))
    return Judged(said, outcome, f"{said.claim}: the document says {said.text}, {entry.evidence} {measured:.6g}", proof)


def compared(said: Said, entry: Entry, measured: float) -> Outcome:
    """By distance: within the tolerance it holds, within the drift it has drifted, beyond it is refuted."""
    assert said.value is not None
    tolerance = said.step / 2 if entry.tolerance is None else absolute(entry.tolerance, measured)
    distance = abs(said.value - measured)
    noise = 1e-9 * max(abs(said.value), abs(measured))  # of binary fractions: 0.25 written as 0.2 or 0.3 both hold
    if distance <= tolerance + noise:
        return Outcome.HOLDS
    if entry.drift is not None and distance <= absolute(entry.drift, measured) + noise:
        return Outcome.DRIFTED
    return Outcome.REFUTED


def absolute(looseness: float | str, measured: float) -> float:
    """A share in the unit of the value."""
    if isinstance(looseness, str):
        return abs(measured) * float(looseness.rstrip("% ")) / 100
    return looseness


def summed(
    results: Sequence[Judged], loose_notes: Sequence[str], loose: int, unused: Sequence[str], book: InputHash
) -> Check:
    """The check: what is refuted or without evidence fails, what has drifted is a deviation."""
    counts = {kind: sum(item.outcome is kind for item in results) for kind in Outcome}
    findings = tuple(finding(item) for item in results if item.outcome in (Outcome.REFUTED, Outcome.NO_EVIDENCE))
    parts = [f"{number} {kind}" for kind, number in counts.items() if number or kind is Outcome.HOLDS]
    message = f"{counted(len(results), 'claim')}: {', '.join(parts)}; {counted(loose, 'number')} bound to nothing"
    notes = [f"drifted: {item.said.location}: {item.message}" for item in results if item.outcome is Outcome.DRIFTED]
    notes += [f"claims that no document makes: {', '.join(unused)}"] if unused else []
    notes += loose_notes
    verdict = Verdict.PASS
    if findings:
        verdict = Verdict.FAIL
    elif counts[Outcome.DRIFTED]:
        verdict = Verdict.DEVIATION
    elif not results:
        verdict = Verdict.NOT_APPLICABLE
    total = Evidence(
        "audit.claims", counts[Outcome.HOLDS], len(results), "claims that hold", inputs=(book, *inputs(results))
    )
    proofs = tuple(item.evidence for item in results)
    return Check(ID, TITLE, verdict, message, findings, (total, *proofs), notes=tuple(notes))


def inputs(results: Sequence[Judged]) -> tuple[InputHash, ...]:
    """Every file of evidence once."""
    return tuple(sorted({item for result in results for item in result.evidence.inputs}, key=lambda item: item.path))


def unbound_notes(loose: Sequence[Said], shown: int) -> list[str]:
    """The numbers bound to nothing, a line for each document."""
    by_document: dict[str, list[Said]] = {}
    for item in loose:
        by_document.setdefault(item.location.path, []).append(item)
    notes = []
    for path, items in by_document.items():
        named = ", ".join(f"{item.text} (line {item.location.line})" for item in items[:shown])
        more = f" and {len(items) - shown} more" if len(items) > shown else ""
        notes.append(f"bound to nothing in {path}: {named}{more}")
    return notes


def finding(item: Judged) -> Finding:
    """A refuted claim, or one that nothing supports, as a finding at its place in the document."""
    refuted = item.outcome is Outcome.REFUTED
    return Finding(
        rule="claims.refuted" if refuted else "claims.no-evidence",
        family="claims",
        severity=Severity.MAJOR,
        confidence=Confidence.HIGH,
        location=item.said.location,
        message=item.message,
        risk="Readers believe a number that was measured otherwise." if refuted else "Nobody can tell if it is true.",
        fix="Write the measured number." if refuted else "Make the evidence, name it in the ledger, or take it out.",
        title="Number refuted by its evidence" if refuted else "Number without evidence",
    )
