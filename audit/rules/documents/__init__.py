"""Commands and numbers in documents."""

from audit.rules.documents.rules import FAMILY

__all__ = ["FAMILY"]
