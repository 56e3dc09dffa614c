"""Keys, tokens and passwords."""

from audit.rules.secrets.rules import FAMILY

__all__ = ["FAMILY"]
