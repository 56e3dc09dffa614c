"""What makes a finding the same finding after lines have moved: rule, path and content, never the line's number."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from audit.model import Check, Finding, finding_order

# Numbers of lines and cells that messages quote: they move when something is inserted above.
MOVING = re.compile(r"#cell=\d+|(?<=:)\d+\b|\b(lines?|cells?) \d+")


def stamped(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks, with a fingerprint in every finding.

    Equal content in one file is told apart by its order. What two tools say of one place under one id is one finding
    and has one fingerprint.
    """
    places = {(found.rule, found.location): found for check in checks for found in check.findings}
    seen: Counter[str] = Counter()
    marks = {}
    for finding in sorted(places.values(), key=finding_order):
        text = content(finding)
        seen[text] += 1
        marks[finding.rule, finding.location] = digest(f"{text}\n{seen[text]}")

    def mark(finding: Finding) -> Finding:
        return replace(finding, fingerprint=marks[finding.rule, finding.location])

    return tuple(replace(check, findings=tuple(map(mark, check.findings))) for check in checks)


def content(finding: Finding) -> str:
    """Rule, path, and the line it speaks of; where that may not be shown (credentials), what it says of it."""
    text = finding.excerpt or MOVING.sub("", finding.message)
    return "\n".join((finding.rule, finding.location.path, " ".join(text.split())))


def digest(text: str) -> str:
    """Sixteen hexadecimal digits: short enough to read, long enough never to meet twice in a tree."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
