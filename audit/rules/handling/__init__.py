"""Errors that are swallowed, files that are opened unchecked, checkpoints that fit one machine."""

from audit.rules.handling.rules import FAMILY

__all__ = ["FAMILY"]
