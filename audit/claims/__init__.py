"""Numbers in documents, held against the evidence that they come from."""
