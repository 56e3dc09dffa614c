"""Data that is run as code."""

from audit.rules.security.rules import FAMILY

__all__ = ["FAMILY"]
