"""Text that was pasted from a chat with an assistant, and marks of a conflict."""

from audit.rules.artefacts.rules import FAMILY

__all__ = ["FAMILY"]
