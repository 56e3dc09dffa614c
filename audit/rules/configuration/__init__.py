"""Configuration that nothing loads, leaves of it that nothing reads, tables beside it."""

from audit.rules.configuration.rules import FAMILY

__all__ = ["FAMILY"]
