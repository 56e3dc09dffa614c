"""The stages of the DVC pipeline: each a short module over the library, and what they share."""
