"""What is left to be written."""

from audit.rules.stubs.rules import FAMILY

__all__ = ["FAMILY"]
