"""One number of a document against its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audit.claims import sources
from audit.claims.documents import Said
from audit.claims.ledger import Entry
from audit.model import Evidence, InputHash, Location


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


def judge(root: Path, said: Said, entries: Mapping[str, Entry]) -> Judged:
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


def absent(entry: Entry, name: str, why: str) -> Judged:
    """A sentence of the ledger that no document says."""
    place = Said(Location(entry.document), "", None, 0.0, name)
    return Judged(place, Outcome.NO_EVIDENCE, f"{name}: {why}", Evidence("read"))
