"""Modules that are not there, not declared, not used, or import each other."""

from audit.rules.imports.rules import FAMILY

__all__ = ["FAMILY"]
