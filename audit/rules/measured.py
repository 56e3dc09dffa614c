"""How well the rules find what was planted: a table that a test recomputes on the corpus."""

import tomllib
from functools import cache
from importlib import resources

from audit.scores import Accuracy


@cache
def table() -> dict[str, Accuracy]:
    """Family -> counts, as they stand in measured.toml."""
    text = (resources.files("audit.rules") / "measured.toml").read_text(encoding="utf-8")
    return {name: Accuracy(**counts) for name, counts in tomllib.loads(text).items()}
