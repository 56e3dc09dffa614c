"""Sizes in bytes, as people write them."""

import re

UNITS = {
    "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
WRITTEN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*", re.IGNORECASE)


class FootprintError(ValueError):
    """Something the caller can put right: the message says what was received, what was expected and the remedy."""


def parse_size(text: str) -> int:
    """Bytes of a size such as "6GiB", "800 MB" or "1.5 GiB"; GB is 10⁹, GiB is 2³⁰.

    Raises:
        FootprintError: no such size, no unit, or less than one byte.
    """
    written = WRITTEN.fullmatch(text)
    factor = UNITS.get(written[2].lower()) if written else None
    size = int(float(written[1]) * factor) if written and factor else 0
    if size < 1:
        raise FootprintError(f"Got the size {text!r}, expected a positive number with a unit, such as 6GiB or 800MB.")
    return size


def format_size(size: int) -> str:
    """Bytes as people read them: "312 B", "4.0 KiB", "1.25 GiB" with three digits at least."""
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024 or unit == "TiB":
            break
        value /= 1024
    if unit == "B":
        return f"{size} B"
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{decimals}f} {unit}"
