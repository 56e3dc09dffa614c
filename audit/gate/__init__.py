"""What stands between findings and the exit code: which count, which are known or suppressed, and what they add up to."""
