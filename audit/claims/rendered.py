"""Documents that a program makes of evidence: made again, and held word for word against what stands there."""

from dataclasses import replace
from pathlib import Path

from audit.adapters import named
from audit.claims import sources
from audit.claims.documents import Said
from audit.claims.judge import Judged, Outcome
from audit.claims.ledger import Entry
from audit.model import Evidence, InputHash, Location

SHOWN = 80  # characters of a line that is missing


def judge(root: Path, name: str, entry: Entry, text: str) -> Judged:
    """Whether a document has every paragraph and table that the entry's renderer makes of its evidence.

    The claim accounts for all that it finds, so that no number there is bound to nothing. This runs the project's code.
    """
    said = Said(Location(entry.document), "", None, 0.0, name)
    command = f"{entry.renderer} of {entry.evidence}"
    try:
        content, sha256 = sources.content(root, entry)
        blocks = paragraphs(root, entry, content)
    except sources.NoEvidenceError as error:
        return Judged(said, Outcome.NO_EVIDENCE, f"{name}: {error}", Evidence(command))
    spans = [span(text, block) for block in blocks]
    missing = [block for block, place in zip(blocks, spans, strict=True) if place is None]
    found = tuple(place for place in spans if place is not None)
    proof = Evidence(
        command, len(found), len(blocks), "paragraphs that stand there", inputs=(InputHash(entry.evidence, sha256),)
    )
    message = f"{name}: all {len(blocks)} paragraphs are what {command} makes"
    if missing:
        message = f"{name}: the document does not say {difference(text, missing[0])!r}, as {command} does"
    return Judged(replace(said, spans=found), Outcome.REFUTED if missing else Outcome.HOLDS, message, proof)


def paragraphs(root: Path, entry: Entry, content: object) -> list[str]:
    """What the renderer makes, cut at empty lines.

    Raises:
        NoEvidenceError: there is no such renderer, it raises, or makes nothing.
    """
    try:
        made = named(entry.renderer, root)(content)
        blocks = [block for block in made.strip("\n").split("\n\n") if block.strip()]
    except Exception as error:
        raise sources.NoEvidenceError(f"{entry.renderer} raised {type(error).__name__}: {error}") from error
    if not blocks:
        raise sources.NoEvidenceError(f"{entry.renderer} makes nothing of {entry.evidence}")
    return blocks


def span(text: str, block: str) -> tuple[int, int] | None:
    """Where a block stands as whole lines; None where it does not."""
    begin = f"\n{text}\n".find(f"\n{block}\n")
    return None if begin < 0 else (begin, begin + len(block))


def difference(text: str, block: str) -> str:
    """The first line of a block that the document does not have; where it has all, the first, for they are apart."""
    lines = set(text.split("\n"))
    return next((line for line in block.split("\n") if line not in lines), block.split("\n")[0])[:SHOWN]
