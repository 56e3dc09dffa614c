"""Code that prints where a library or a training run should log."""

from audit.rules.logging.rules import FAMILY

__all__ = ["FAMILY"]
