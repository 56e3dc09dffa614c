"""The pipeline, run twice in clean clones: are all outputs the same bytes?"""
