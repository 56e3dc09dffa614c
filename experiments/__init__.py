"""Experiments: pipelines of their own, which the main one does not run."""
