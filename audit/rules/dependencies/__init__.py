"""What is declared, and how."""

from audit.rules.dependencies.rules import FAMILY

__all__ = ["FAMILY"]
