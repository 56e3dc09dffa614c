"""The claims of whole documents, as checks of the gate."""

import hashlib
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from audit.claims import documents, ledger, rendered
from audit.claims.documents import Said
from audit.claims.judge import Judged, Outcome, absent, judge
from audit.claims.ledger import Entry
from audit.config import Claims
from audit.errors import AuditError, NotRunError
from audit.model import Check, Confidence, Evidence, Finding, InputHash, Location, Row, Severity, Verdict, counted

ID, MADE = "claims", "claims.made"
TITLES = {
    ID: "Numbers in documents hold against their evidence",
    MADE: "Numbers in documents that the pipeline makes hold against their evidence",
}
SHOWN = 100  # numbers bound to nothing that are named, where documents are asked for by name
SHOWN_IN_PASSING = 5  # and otherwise


@dataclass(frozen=True)
class Read:
    """What documents say: their claims, judged, and the numbers that are bound to nothing."""

    results: tuple[Judged, ...]
    loose: tuple[Said, ...]


def check(root: Path, settings: Claims, paths: Sequence[str] = ()) -> Check:
    """Judge every claim of the documents, and list the numbers that are bound to nothing.

    Args:
        paths: documents, in place of those that the configuration and the ledger name.

    Raises:
        AuditError: a document or the ledger cannot be read.
    """
    entries = ledger.load(root / settings.ledger)
    own = {name: entry for name, entry in entries.items() if paths or not made(entry.document, settings)}
    named = paths or (*chosen(root, settings), *(entry.document for entry in own.values() if entry.document))
    texts = {path: text(root, path) for path in named}
    found = read(root, entries, texts)
    unused = [] if paths else sorted(set(own) - {item.said.claim for item in found.results})
    proof = evidence(root, settings, found, texts, paths)
    return summed(ID, found, unused, proof, whole(root, settings), SHOWN if paths else SHOWN_IN_PASSING)


def made_check(root: Path, settings: Claims) -> Check:
    """The same of the documents that the pipeline makes. Before it has made any there is nothing to judge.

    Raises:
        AuditError: the ledger cannot be read.
    """
    entries = ledger.load(root / settings.ledger)
    texts = {path: text(root, path) for pattern in settings.made for path in fitting(root, pattern)}
    if not texts:
        message = f"the pipeline has not made {', '.join(settings.made)} yet"
        return Check(MADE, TITLES[MADE], Verdict.NOT_APPLICABLE, message)
    found = read(root, entries, texts)
    gone = tuple(
        absent(entry, name, f"there is no {entry.document}")
        for name, entry in entries.items()
        if made(entry.document, settings) and entry.document not in texts
    )
    found = Read((*found.results, *gone), found.loose)
    return summed(MADE, found, (), evidence(root, settings, found, texts), whole(root, settings), SHOWN_IN_PASSING)


def entries_of(root: Path, settings: Claims, paths: Sequence[str]) -> dict[str, Entry]:
    """The ledger's entries that these documents make; all where none is named.

    Raises:
        AuditError: a document or the ledger cannot be read.
    """
    entries = ledger.load(root / settings.ledger)
    marked = {said.claim for path in paths for said in documents.bound(path, text(root, path))}
    return {name: entry for name, entry in entries.items() if not paths or name in marked or entry.document in paths}


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
        paths = fitting(root, pattern)
        if not paths:
            raise ledger.MissingError(f"tool.audit.claims.documents: no file is called {pattern}")
        found += paths
    return found


def fitting(root: Path, pattern: str) -> list[str]:
    """The files that a pattern fits."""
    return sorted(path.relative_to(root).as_posix() for path in root.glob(pattern) if path.is_file())


def whole(root: Path, settings: Claims) -> set[str]:
    """The documents in which every number must be bound."""
    return {path for pattern in settings.complete for path in fitting(root, pattern)}


def made(document: str, settings: Claims) -> bool:
    """Whether the pipeline makes a document."""
    return any(PurePosixPath(document).match(pattern) for pattern in settings.made)


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


def read(root: Path, entries: Mapping[str, Entry], texts: Mapping[str, str]) -> Read:
    """The claims of documents by marker, by sentence and by renderer, each judged, and what is bound to nothing."""
    claims = [claim for path, content in texts.items() for claim in documents.bound(path, content)]
    results = []
    for name, entry in entries.items():
        if entry.document in texts and entry.renderer:
            results.append(rendered.judge(root, name, entry, texts[entry.document]))
        elif entry.document in texts:
            places = documents.at_text(entry.document, texts[entry.document], entry.text, name)
            claims += places
            if not places:
                results.append(absent(entry, name, f"the document does not say {entry.text!r}"))
    results += [judge(root, item, entries) for item in claims]
    accounted = {
        path: [span for item in results if item.said.location.path == path for span in item.said.spans]
        for path in texts
    }
    loose = tuple(item for path, content in texts.items() for item in documents.unbound(path, content, accounted[path]))
    return Read(tuple(sorted(results, key=lambda item: item.said.location)), loose)


def summed(
    identifier: str, found: Read, unused: Sequence[str], proof: Evidence, complete: Collection[str], shown: int
) -> Check:
    """The check: what is refuted or without evidence fails as a finding, what has drifted is a deviation.

    Args:
        proof: without its figures.
        complete: documents in which every number must be bound.
    """
    results = found.results
    counts = {kind: sum(item.outcome is kind for item in results) for kind in Outcome}
    findings = tuple(finding(item) for item in results if item.outcome in (Outcome.REFUTED, Outcome.NO_EVIDENCE))
    findings += tuple(unbound_findings([item for item in found.loose if item.location.path in complete]))
    parts = [f"{number} {kind}" for kind, number in counts.items() if number or kind is Outcome.HOLDS]
    loose = counted(len(found.loose), "number")
    message = f"{counted(len(results), 'claim')}: {', '.join(parts)}; {loose} bound to nothing"
    notes = [f"drifted: {item.said.location}: {item.message}" for item in results if item.outcome is Outcome.DRIFTED]
    notes += [f"claims that no document makes: {', '.join(unused)}"] if unused else []
    notes += unbound_notes(found.loose, shown)
    verdict = Verdict.PASS
    if findings:
        verdict = Verdict.FAIL
    elif counts[Outcome.DRIFTED]:
        verdict = Verdict.DEVIATION
    elif not results:
        verdict = Verdict.NOT_APPLICABLE
    total = replace(proof, measured=counts[Outcome.HOLDS], expected=len(results), unit="claims that hold")
    return Check(
        identifier, TITLES[identifier], verdict, message, findings, (total,), rows(results), notes=tuple(notes)
    )


def rows(results: Sequence[Judged]) -> tuple[Row, ...]:
    """A row for each claim that holds or has drifted; the others are findings."""
    verdicts = {Outcome.HOLDS: Verdict.PASS, Outcome.DRIFTED: Verdict.DEVIATION}
    seen: Counter[str] = Counter()
    found = []
    for item in results:
        if item.outcome in verdicts:
            place = item.said.location
            name = f"{item.said.claim} in {place.path}"
            seen[name] += 1
            identifier = f"{name} ({seen[name]})" if seen[name] > 1 else name
            source = str(place)
            row = Row(identifier, item.said.claim, "", source, verdicts[item.outcome], item.evidence, item.message)
            found.append(row)
    return tuple(found)


def evidence(
    root: Path, settings: Claims, found: Read, texts: Mapping[str, str], paths: Sequence[str] = ()
) -> Evidence:
    """The command that judges these documents; the ledger, the documents, and every file of evidence once."""
    by_hand = () if settings.ledger == Claims.model_fields["ledger"].default else ("--ledger", settings.ledger)
    own = {InputHash(path, digest(root / path)) for path in (settings.ledger, *texts)}
    own |= {item for result in found.results for item in result.evidence.inputs}
    command = shlex.join(("python", "-m", "audit", "claims", *paths, *by_hand))
    return Evidence(command, inputs=tuple(sorted(own, key=lambda item: item.path)))


def digest(path: Path) -> str:
    """sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


def unbound_findings(loose: Sequence[Said]) -> list[Finding]:
    """One finding for each line that has numbers bound to nothing where all must be bound."""
    lines: dict[Location, list[str]] = {}
    for item in loose:
        lines.setdefault(item.location, []).append(item.text)
    return [
        Finding(
            rule="claims.unbound",
            family="claims",
            severity=Severity.MINOR,
            confidence=Confidence.HIGH,
            location=place,
            message=f"bound to nothing: {', '.join(texts)}",
            risk="Nobody can tell where the number comes from, and nothing says when it is no longer true.",
            fix="Bind it to its evidence, write it as code where it is no measurement, or take it out.",
            title="Number bound to nothing",
        )
        for place, texts in lines.items()
    ]


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
