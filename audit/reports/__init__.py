"""Renderings of one result object. They know the nouns of `audit.model` and nothing else."""
