"""What tests assert, skip and measure. Not called after its family: tools take a folder `tests` for test code."""

from audit.rules.testing.rules import FAMILY

__all__ = ["FAMILY"]
