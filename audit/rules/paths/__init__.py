"""Paths of one machine."""

from audit.rules.paths.rules import FAMILY

__all__ = ["FAMILY"]
