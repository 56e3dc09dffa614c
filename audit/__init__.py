"""Measures what machine-learning code does, and says what it could not measure."""
