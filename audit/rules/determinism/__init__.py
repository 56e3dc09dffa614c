"""Whether training can be repeated."""

from audit.rules.determinism.rules import FAMILY

__all__ = ["FAMILY"]
