"""Other people's tools and their machine-readable results, as checks."""
