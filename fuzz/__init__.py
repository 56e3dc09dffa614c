"""Fuzzing of the audit, by hand: the nightly fuzzing of a few minutes is in tests/audit/fuzz."""
