"""Between findings and the exit code: which count, which are known or suppressed, what they add up to."""
