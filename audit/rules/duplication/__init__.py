"""Classes and functions that stand in several files."""

from audit.rules.duplication.rules import FAMILY

__all__ = ["FAMILY"]
