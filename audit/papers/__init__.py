"""Papers as data plus probes: what a paper states, measured on running code."""
