"""A report held against what it speaks of: its own bytes, its inputs, its signature, and what it says."""
